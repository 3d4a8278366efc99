"""Numbers as Prometheus reads them: families made when somebody asks, from whatever counts (``metering``).

Nothing is registered anywhere: what a process shows is what it hands to ``expose``, and its own processor time, memory
and open files.
"""

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from paceline.metering import Histogram

Labelled = Mapping[tuple[str, ...], float]
"""Numbers by the values of their labels."""


class _Families(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def expose(families: Iterable[Metric], accept: str = "") -> tuple[bytes, str]:
    """The text, and its media type: OpenMetrics for who accepts it, else Prometheus' own."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Families(list(families)))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


def gauge(name: str, text: str, value: float) -> Metric:
    """One number."""
    return GaugeMetricFamily(name, text, value=value)


def gauges(name: str, text: str, labels: Sequence[str], values: Labelled) -> Metric:
    """Numbers by label."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def counter(name: str, text: str, value: float) -> Metric:
    """One count, which only grows. The name ends in ``_total``."""
    return CounterMetricFamily(name, text, value=value)


def counters(name: str, text: str, labels: Sequence[str], values: Labelled) -> Metric:
    """Counts by label."""
    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def histogram(name: str, text: str, values: Histogram) -> Metric:
    """One histogram."""
    return HistogramMetricFamily(name, text, buckets=values.buckets(), sum_value=values.total)


def histograms(name: str, text: str, labels: Sequence[str], values: Mapping[tuple[str, ...], Histogram]) -> Metric:
    """Histograms by label."""
    family = HistogramMetricFamily(name, text, labels=labels)
    for key, each in values.items():
        family.add_metric(key, buckets=each.buckets(), sum_value=each.total)
    return family


def info(name: str, text: str, facts: Mapping[str, str]) -> Metric:
    """Words, as the labels of a 1. The name ends in ``_info``."""
    return gauges(name, text, tuple(facts), {tuple(facts.values()): 1.0})
