//! The Lambda function `rds-upgrade`: wiring only.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tidegate_evaluation::Function;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let function = &Function::from_environment(rds_upgrade::NAME, rds_upgrade::concern).await;
    run(service_fn(|event: LambdaEvent<serde_json::Value>| function.handle(event))).await
}
