"""CloudWatch as it is: the newest minutes of a metric appear in part and grow.

moto shows every datapoint whole at once. Here a part of the newest has arrived: of what ended within the last minute three
tenths, of what ended within the minute before seven. Averages and percentiles are low as well: the worst that a part can be.
"""

# To each age in seconds, measured at the end of the datapoint: what has arrived until then.
ARRIVED = ((60, 0.3), (120, 0.7))


def grow(asked: dict, answer: dict) -> dict:
    """The answer to a `GetMetricData`, as young as it is at the end of the time that was asked for."""
    periods = {query["Id"]: period(query, asked["MetricDataQueries"]) for query in asked["MetricDataQueries"]}
    for result in answer.get("MetricDataResults", []):
        ends = [start + periods[result["Id"]] for start in result["Timestamps"]]
        result["Values"] = [
            value * arrived(asked["EndTime"] - end) for value, end in zip(result["Values"], ends, strict=True)
        ]
    return answer


def arrived(age: float) -> float:
    return next((share for within, share in ARRIVED if age < within), 1.0)


def period(query: dict, queries: list[dict]) -> int:
    """The seconds of a query, of an expression those of its metrics."""
    stat = query.get("MetricStat") or next(other["MetricStat"] for other in queries if "MetricStat" in other)
    return stat["Period"]
