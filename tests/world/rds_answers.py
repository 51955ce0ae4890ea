"""What moto does not know of RDS: here every class of MySQL and PostgreSQL is offered in every zone with every kind of storage, no
maintenance waits, and nothing is reserved."""

from urllib.parse import parse_qs

ZONES = "".join(f"<AvailabilityZone><Name>us-east-1{zone}</Name></AvailabilityZone>" for zone in "abc")
OFFERED = ("mysql", "postgres")


def known(action: str, body: bytes) -> str | None:
    """The answer to a call that moto does not know, or knows of other engines alone."""
    match action.removeprefix("rds:"):
        case "DescribeOrderableDBInstanceOptions":
            form = parse_qs(body.decode())
            return options(form["Engine"][0], form["DBInstanceClass"][0])
        case "DescribePendingMaintenanceActions" | "DescribeReservedDBInstances" as name:
            list_name = {"DescribePendingMaintenanceActions": "PendingMaintenanceActions"}.get(name, "ReservedDBInstances")
            return answer(name, f"<{list_name}/>")
    return None


def options(engine: str, instance_class: str) -> str:
    offers = "".join(
        "<OrderableDBInstanceOption>"
        f"<Engine>{engine}</Engine><DBInstanceClass>{instance_class}</DBInstanceClass><StorageType>{storage}</StorageType>"
        f"<AvailabilityZones>{ZONES}</AvailabilityZones><MultiAZCapable>true</MultiAZCapable>"
        "<ReadReplicaCapable>true</ReadReplicaCapable><MinStorageSize>20</MinStorageSize>"
        "<MaxStorageSize>65536</MaxStorageSize></OrderableDBInstanceOption>"
        for storage in (("gp2", "gp3", "io1") if engine in OFFERED else ())
    )
    return answer("DescribeOrderableDBInstanceOptions", f"<OrderableDBInstanceOptions>{offers}</OrderableDBInstanceOptions>")


def answer(action: str, result: str) -> str:
    namespace = "http://rds.amazonaws.com/doc/2014-10-31/"
    return f'<{action}Response xmlns="{namespace}"><{action}Result>{result}</{action}Result></{action}Response>'
