//! The page that Prometheus reads: families of series, put together when it asks.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text},
    metrics::MetricType,
    registry::Registry,
};

use super::histogram::{Counted, Histogram};

/// The media type of the page: Prometheus's text format, which whatever reads metrics reads.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// A page in the making. It lives for one reading: nothing is registered anywhere, so that two servers in one process have
/// nothing in common.
#[derive(Debug, Default)]
pub struct Page {
    families: Vec<Family>,
}

/// Series of one name.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    says: &'static str,
    kind: MetricType,
    series: Vec<(Vec<(&'static str, String)>, Value)>,
}

#[derive(Debug)]
enum Value {
    Count(u64),
    /// A count of something that comes in parts, such as seconds.
    Amount(f64),
    Level(i64),
    Histogram(Counted),
}

impl Page {
    /// A family of counts that never fall; its name gets `_total`.
    pub(super) fn counter(&mut self, name: &'static str, says: &'static str) -> &mut Family {
        self.family(name, says, MetricType::Counter)
    }

    /// A family of levels of now.
    pub(super) fn gauge(&mut self, name: &'static str, says: &'static str) -> &mut Family {
        self.family(name, says, MetricType::Gauge)
    }

    /// A family of histograms.
    pub(super) fn histogram(&mut self, name: &'static str, says: &'static str) -> &mut Family {
        self.family(name, says, MetricType::Histogram)
    }

    fn family(&mut self, name: &'static str, says: &'static str, kind: MetricType) -> &mut Family {
        self.families.push(Family { name, says, kind, series: Vec::new() });
        let last = self.families.len() - 1;
        &mut self.families[last]
    }

    /// The whole page as text.
    ///
    /// # Errors
    /// None that is known: a string takes whatever is written into it.
    pub fn text(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("riskport");
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl Family {
    pub fn add(&mut self, labels: &[(&'static str, &str)], count: u64) {
        self.push(labels, Value::Count(count));
    }

    pub fn add_amount(&mut self, labels: &[(&'static str, &str)], amount: f64) {
        self.push(labels, Value::Amount(amount));
    }

    pub fn set(&mut self, labels: &[(&'static str, &str)], level: i64) {
        self.push(labels, Value::Level(level));
    }

    pub fn add_histogram(&mut self, labels: &[(&'static str, &str)], histogram: &Histogram) {
        self.push(labels, Value::Histogram(histogram.counted()));
    }

    fn push(&mut self, labels: &[(&'static str, &str)], value: Value) {
        self.series.push((labels.iter().map(|(name, text)| (*name, (*text).to_owned())).collect(), value));
    }
}

impl Value {
    fn encode(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => encoder.encode_counter::<NoLabelSet, _, u64>(count, None),
            Self::Amount(amount) => encoder.encode_counter::<NoLabelSet, _, f64>(amount, None),
            Self::Level(level) => encoder.encode_gauge(level),
            Self::Histogram(Counted { sum, count, buckets }) => {
                encoder.encode_histogram::<NoLabelSet>(*sum, *count, buckets, None)
            }
        }
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { name, says, kind, series } in &self.families {
            let mut family = encoder.encode_descriptor(name, says, None, *kind)?;
            for (labels, value) in series {
                match labels.as_slice() {
                    [] => value.encode(&mut family)?,
                    labels => value.encode(&mut family.encode_family(&labels)?)?,
                }
            }
        }
        Ok(())
    }
}
