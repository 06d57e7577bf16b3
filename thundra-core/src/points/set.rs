//! A set of points: one for each instrument and set of attributes.

use std::borrow::Cow;

use super::attributes::decode;
use super::hash::{self, Index};
use super::histogram::Histogram;
use super::instrument::{Identity, InstrumentKind, Number, Text, is_valid_name};
use super::sum::Sum;
use super::switch::Wanted;
use super::unaggregated;
use crate::Value;
use crate::clock::now;
use crate::otlp::write::{self, tag};

/// The most sets of attributes of an instrument, as in the SDKs. What is over goes to one more point, whose only
/// attribute is `otel.metric.overflow`.
pub(crate) const MAX_SETS: u32 = 2000;
/// The most instruments. Only names made at run time reach the limit.
pub(crate) const MAX_INSTRUMENTS: usize = 1000;
/// The most points of all instruments.
const MAX_POINTS: usize = 20_000;
/// The most bytes of attributes of all points, and of one.
const MAX_ATTRIBUTE_BYTES: usize = 8 << 20;
const MAX_SET_BYTES: usize = 8 << 10;
/// The number of points up to which a search compares them one by one.
const FEW: usize = 8;

/// The attribute of what is over the limit.
const OVERFLOW: &str = "otel.metric.overflow";

/// A set of points.
#[derive(Debug)]
pub struct Points {
    wanted: Wanted,
    instruments: Vec<Kept>,
    points: Vec<Entry>,
    instrument_index: Index,
    /// The index of the points; empty for a few.
    point_index: Index,
    attribute_bytes: usize,
}

/// The instrument of points.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) name: Cow<'static, str>,
    pub(crate) unit: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) kind: InstrumentKind,
    pub(crate) is_built_in: bool,
    /// The number of sets of attributes.
    sets: u32,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    instrument: u32,
    attributes: Box<[u8]>,
    data: Data,
}

/// The aggregated measurements of a point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Sum(Sum),
    Gauge {
        value: Number,
        /// The time of the measurement, which decides between two values.
        time: u64,
    },
    Histogram(Box<Histogram>),
}

/// A point of a set.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    kept: &'a Kept,
    attributes: &'a [u8],
    aggregated: &'a Data,
}

/// The value of a [`Point`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PointData<'a> {
    /// The sum of a counter, or the last value of a gauge.
    Number(Number),
    /// The values of a histogram.
    Histogram(HistogramData<'a>),
}

/// The values of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct HistogramData<'a> {
    /// The number of measurements.
    pub count: u64,
    /// The sum of the values.
    pub sum: f64,
    /// The lowest value.
    pub min: f64,
    /// The highest value.
    pub max: f64,
    /// The values, each with its number of measurements. Of over a thousand values, near ones are one. Empty where no
    /// [writer](crate::metrics::write_points_with) is set.
    pub values: &'a [(f64, u64)],
}

impl<'a> Point<'a> {
    /// Returns the name of the instrument.
    pub fn name(&self) -> &'a str {
        &self.kept.name
    }

    /// Returns the unit of the instrument; empty for none.
    pub fn unit(&self) -> &'a str {
        &self.kept.unit
    }

    /// Returns the kind of the instrument.
    pub fn kind(&self) -> InstrumentKind {
        self.kept.kind
    }

    /// Returns `true` for an instrument of these crates.
    pub fn is_built_in(&self) -> bool {
        self.kept.is_built_in
    }

    /// Returns the attributes, sorted by key.
    pub fn attributes(&self) -> Vec<(&'a str, Value)> {
        decode(self.attributes)
    }

    /// Returns the encoded attributes: points with equal bytes have equal attributes.
    pub fn encoded_attributes(&self) -> &'a [u8] {
        self.attributes
    }

    /// Returns the value.
    pub fn data(&self) -> PointData<'a> {
        match self.aggregated {
            Data::Sum(sum) => PointData::Number(sum.total()),
            Data::Gauge { value, .. } => PointData::Number(*value),
            Data::Histogram(histogram) => PointData::Histogram(HistogramData {
                count: histogram.count,
                sum: histogram.sum,
                min: histogram.min,
                max: histogram.max,
                values: histogram.values.as_ref().map_or(&[], |values| values.counted()),
            }),
        }
    }

    pub(crate) fn aggregated(&self) -> &'a Data {
        self.aggregated
    }
}

impl Data {
    fn new(kind: InstrumentKind, unit: &str, wanted: Wanted) -> Self {
        match kind {
            InstrumentKind::Counter | InstrumentKind::UpDownCounter => Data::Sum(Sum::default()),
            InstrumentKind::Gauge => Data::Gauge { value: Number::I64(0), time: 0 },
            InstrumentKind::Histogram => Data::Histogram(Box::new(Histogram::new(unit, wanted))),
        }
    }

    #[inline]
    fn record(&mut self, measured: Number, times: u64) {
        match self {
            Data::Sum(sum) => sum.add(measured),
            Data::Gauge { value, time } => (*value, *time) = (measured, now()),
            Data::Histogram(histogram) => histogram.record(measured.as_f64(), times),
        }
    }

    fn merge(&mut self, other: Data) {
        match (self, other) {
            (Data::Sum(one), Data::Sum(other)) => one.merge(&other),
            (Data::Gauge { value, time }, Data::Gauge { value: other, time: of_other }) => {
                if of_other >= *time {
                    (*value, *time) = (other, of_other);
                }
            }
            (Data::Histogram(one), Data::Histogram(other)) => one.merge(*other),
            // The kind of an instrument decides on its data.
            _ => {}
        }
    }
}

/// Returns the hash of an instrument.
#[inline]
pub(super) fn hash_of(name: &str, kind: InstrumentKind) -> u64 {
    hash::hash(hash::seed() ^ kind as u64, name.as_bytes())
}

impl Default for Points {
    fn default() -> Self {
        Points::of(Wanted::now())
    }
}

impl Points {
    /// Returns an empty set for these destinations.
    pub(super) const fn of(wanted: Wanted) -> Self {
        Points {
            wanted,
            instruments: Vec::new(),
            points: Vec::new(),
            instrument_index: Index::EMPTY,
            point_index: Index::EMPTY,
            attribute_bytes: 0,
        }
    }

    /// Returns `true` without a point.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Returns the number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Iterates over the points, in the order of their first measurements.
    pub fn iter(&self) -> impl Iterator<Item = Point<'_>> {
        self.points.iter().filter_map(|entry| self.point(entry))
    }

    fn point<'a>(&'a self, entry: &'a Entry) -> Option<Point<'a>> {
        let kept = self.instruments.get(entry.instrument as usize)?;
        Some(Point { kept, attributes: &entry.attributes, aggregated: &entry.data })
    }

    /// Returns the instruments, each with its points.
    pub(crate) fn by_instrument(&self) -> Vec<(&Kept, Vec<Point<'_>>)> {
        let mut grouped: Vec<_> = self.instruments.iter().map(|kept| (kept, Vec::new())).collect();
        for entry in &self.points {
            if let (Some((_, points)), Some(point)) = (grouped.get_mut(entry.instrument as usize), self.point(entry)) {
                points.push(point);
            }
        }
        grouped.retain(|(_, points)| !points.is_empty());
        grouped
    }

    /// Adds a measurement. Attributes are those of an [`AttributeSet`](super::attributes::AttributeSet), and the value [suits](Number::suits).
    #[inline]
    pub(crate) fn record(&mut self, identity: &Identity<'_>, attributes: &[u8], value: Number, times: u64) {
        match self.data(identity, attributes, times) {
            Some(data) => data.record(value, times),
            None => unaggregated::count_dropped(times),
        }
    }

    /// Adds the points of another set, and empties it.
    pub(crate) fn merge(&mut self, other: &mut Points) {
        let Points { instruments, points, .. } = other.take();
        for entry in points {
            let Some(kept) = instruments.get(entry.instrument as usize) else { continue };
            match self.data(&kept.identity(), &entry.attributes, 1) {
                Some(data) => data.merge(entry.data),
                None => unaggregated::count_dropped(1),
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.take();
    }

    fn take(&mut self) -> Points {
        std::mem::replace(self, Points::of(self.wanted))
    }

    /// Forgets the single values of histograms, which the writer got.
    pub(super) fn forget_values(&mut self) {
        for entry in &mut self.points {
            if let Data::Histogram(histogram) = &mut entry.data {
                histogram.values = None;
            }
        }
    }

    /// Keeps the points for which `keep` says so, and returns the others.
    pub(crate) fn split(&mut self, keep: impl Fn(InstrumentKind) -> bool) -> Points {
        let mut others = Points::of(self.wanted);
        let mut whole = self.take();
        for entry in std::mem::take(&mut whole.points) {
            let Some(kept) = whole.instruments.get(entry.instrument as usize) else { continue };
            let to = if keep(kept.kind) { &mut *self } else { &mut others };
            if let Some(data) = to.data(&kept.identity(), &entry.attributes, 1) {
                *data = entry.data;
            }
        }
        others
    }

    /// Returns the data of a point; over the limit of sets, that of the point for what is over; `None` over the limit
    /// of instruments, and for an invalid name.
    #[inline]
    fn data(&mut self, identity: &Identity<'_>, attributes: &[u8], times: u64) -> Option<&mut Data> {
        let of_instrument = hash_of(identity.name.as_str(), identity.kind);
        let hash = hash::hash(of_instrument, attributes);
        let place = match self.find(identity, attributes, hash) {
            Ok(place) => place,
            Err(free) => self.add(identity, of_instrument, attributes, (hash, free), times)?,
        };
        self.points.get_mut(place as usize).map(|entry| &mut entry.data)
    }

    /// Finds a point; otherwise returns the free place of its hash in the index.
    #[inline]
    fn find(&self, identity: &Identity<'_>, attributes: &[u8], hash: u64) -> Result<u32, u64> {
        let is_it = |entry: &Entry| {
            entry.hash == hash
                && *entry.attributes == *attributes
                && self.instruments.get(entry.instrument as usize).is_some_and(|kept| kept.is(identity))
        };
        if self.points.len() <= FEW {
            return self.points.iter().position(is_it).map(|place| place as u32).ok_or(hash);
        }
        self.point_index.find(hash, |place| self.points.get(place as usize).is_some_and(is_it))
    }

    /// Adds a point.
    #[cold]
    fn add(
        &mut self,
        identity: &Identity<'_>,
        of_instrument: u64,
        attributes: &[u8],
        (hash, free): (u64, u64),
        times: u64,
    ) -> Option<u32> {
        let instrument = self.instrument(identity, of_instrument)?;
        let kept = self.instruments.get_mut(instrument as usize)?;
        if kept.unit.is_empty() {
            kept.unit = identity.unit.keep();
        }
        let is_over = kept.sets >= MAX_SETS
            || self.points.len() >= MAX_POINTS
            || attributes.len() > MAX_SET_BYTES
            || self.attribute_bytes + attributes.len() > MAX_ATTRIBUTE_BYTES;
        if is_over && attributes != overflow() {
            unaggregated::count_overflowing(times);
            let hash = hash::hash(of_instrument, overflow());
            return match self.find(identity, overflow(), hash) {
                Ok(place) => Some(place),
                Err(free) => self.add(identity, of_instrument, overflow(), (hash, free), times),
            };
        }
        kept.sets += 1;
        self.attribute_bytes += attributes.len();
        let data = Data::new(identity.kind, &kept.unit, self.wanted);
        let place = u32::try_from(self.points.len()).ok()?;
        self.points.push(Entry { hash, instrument, attributes: attributes.into(), data });
        if self.points.len() == FEW + 1 {
            self.index_all();
        } else if self.points.len() > FEW {
            self.point_index.insert(free, place);
        }
        Some(place)
    }

    fn index_all(&mut self) {
        for (place, entry) in (0..).zip(&self.points) {
            if let Err(free) = self.point_index.find(entry.hash, |_| false) {
                self.point_index.insert(free, place);
            }
        }
    }

    /// Returns the place of an instrument, new or not; `None` over the limit, and for an invalid name.
    fn instrument(&mut self, identity: &Identity<'_>, hash: u64) -> Option<u32> {
        let instruments = &self.instruments;
        let is_it = |place: u32| instruments.get(place as usize).is_some_and(|kept| kept.is(identity));
        match self.instrument_index.find(hash, is_it) {
            Ok(place) => Some(place),
            Err(_) if self.instruments.len() >= MAX_INSTRUMENTS || !is_valid_name(identity.name.as_str()) => None,
            Err(free) => {
                let place = self.instruments.len() as u32;
                self.instruments.push(Kept {
                    name: identity.name.keep(),
                    unit: identity.unit.keep(),
                    description: identity.description.keep(),
                    kind: identity.kind,
                    is_built_in: identity.is_built_in,
                    sets: 0,
                });
                self.instrument_index.insert(free, place);
                Some(place)
            }
        }
    }
}

impl Kept {
    #[inline]
    fn is(&self, identity: &Identity<'_>) -> bool {
        self.kind == identity.kind && self.name == identity.name.as_str()
    }

    fn identity(&self) -> Identity<'_> {
        fn text<'a>(kept: &'a Cow<'static, str>) -> Text<'a> {
            match kept {
                Cow::Borrowed(text) => Text::Static(text),
                Cow::Owned(text) => Text::Borrowed(text),
            }
        }
        Identity {
            name: text(&self.name),
            unit: text(&self.unit),
            description: text(&self.description),
            kind: self.kind,
            is_built_in: self.is_built_in,
        }
    }
}

/// Returns the attributes of the point for what is over the limit.
fn overflow() -> &'static [u8] {
    static ENCODED: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    ENCODED.get_or_init(|| {
        let mut encoded = Vec::new();
        write::bool_attribute(&mut encoded, tag::NUMBER_POINT_ATTRIBUTE, OVERFLOW, true);
        encoded
    })
}
