// A BullMQ producer and worker that takes orders on stdin: one JSON object a line, each answered with a line.
//
//   node bullmq.cjs <5|6> <redis url> <queue> [prefix]
//
//   {"add": 3, "options": {"priority": 1}}   {"pause": true}   {"resume": true}   {"versions": true}
//   {"add": 1, "fails": 2}   whose first two attempts fail
//   {"work": 2}        a worker with that concurrency, whose jobs run until {"release": true}; with its own "options"
//   {"limit": [10, 60000]}   the queue's own rate limit   {"concurrency": 2}   its own concurrency
//   {"clean": "completed"}   {"obliterate": true}

const readline = require("node:readline");
const IORedis = require("ioredis");

const [version, url, name, prefix = "bull"] = process.argv.slice(2);
const { Queue, Worker } = require(`bullmq-v${version}`);

const connection = () => new IORedis(url, { maxRetriesPerRequest: null });
const queue = new Queue(name, { connection: connection(), prefix });
let release;
const released = new Promise((resolve) => { release = resolve; });

async function run(job) {
  await released;
  if (job.attemptsMade < job.data.fails) throw new Error("as ordered");
}

async function obey(order) {
  if (order.add) {
    const jobs = Array.from({ length: order.add }, () => ({
      name: "job", data: { fails: order.fails ?? 0 }, opts: order.options ?? {},
    }));
    return (await queue.addBulk(jobs)).map((job) => job.id);
  }
  if (order.pause) return queue.pause();
  if (order.resume) return queue.resume();
  if (order.release) return release();
  if (order.limit) return queue.setGlobalRateLimit(...order.limit);
  if (order.concurrency) return queue.setGlobalConcurrency(order.concurrency);
  if (order.clean) return queue.clean(0, 1000, order.clean);
  if (order.obliterate) return queue.obliterate({ force: true });
  if (order.versions) return require(`bullmq-v${version}/package.json`).version;
  if (order.work) {
    const options = { connection: connection(), prefix, concurrency: order.work, ...order.options };
    const worker = new Worker(name, run, options);
    return worker.waitUntilReady().then(() => "ready");
  }
  throw new Error(`unknown order ${JSON.stringify(order)}`);
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const answer = await obey(JSON.parse(line));
    process.stdout.write(`${JSON.stringify(answer ?? null)}\n`);
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
