//! A set of points, with a point for each instrument and attribute set.

use super::data::Data;
use super::hash::{self, Index};
use super::instrument::{Identity, InstrumentKind, Number, is_valid_name};
use super::point::{Kept, Point};
use super::switch::Wanted;
use super::unaggregated;
use crate::config::MEASURES;
use crate::otlp::write::{self, tag};

/// The most attribute sets of an instrument, as in the SDKs. Further measurements go to an overflow point with the
/// single attribute `otel.metric.overflow`.
pub(crate) const MAX_SETS: u32 = 2000;
/// The most instruments. Only names made at run time reach the limit.
pub(crate) const MAX_INSTRUMENTS: usize = 1000;
/// The most points of all instruments.
const MAX_POINTS: usize = 20_000;
/// The most bytes of attributes, of all points and of a single point.
const MAX_ATTRIBUTE_BYTES: usize = 8 << 20;
const MAX_SET_BYTES: usize = 8 << 10;
/// The number of points, or instruments, up to which a search is linear.
const FEW: usize = 8;

/// The attribute of the overflow point.
const OVERFLOW: &str = "otel.metric.overflow";

/// A set of points.
#[derive(Debug)]
pub struct Points {
    wanted: Wanted,
    instruments: Vec<Kept>,
    points: Vec<Entry>,
    /// The index of the instruments, and the index of the points; empty for a few entries.
    instrument_index: Index,
    point_index: Index,
    attribute_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    instrument: u32,
    attributes: Box<[u8]>,
    data: Data,
}

/// Returns the hash of an instrument.
#[inline]
fn hash_of(name: &str, kind: InstrumentKind) -> u64 {
    hash::hash(hash::seed() ^ kind as u64, name.as_bytes())
}

/// The hashes of a point, the same in every set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointHash {
    instrument: u64,
    point: u64,
}

impl PointHash {
    /// Computes the hashes of an instrument's point with these attributes.
    #[inline]
    pub(crate) fn of(name: &str, kind: InstrumentKind, attributes: &[u8]) -> Self {
        let instrument = hash_of(name, kind);
        PointHash { instrument, point: hash::hash(instrument, attributes) }
    }
}

impl Default for Points {
    fn default() -> Self {
        Points::of(Wanted::now())
    }
}

impl Points {
    /// Returns an empty set for the given destinations.
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

    pub(super) fn instruments(&self) -> &[Kept] {
        &self.instruments
    }

    /// Groups the points by instrument.
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

    /// Adds a measurement. The attributes come from an [`AttributeSet`](super::attributes::AttributeSet), and the value
    /// [suits](Number::suits) the instrument.
    #[inline]
    pub(crate) fn record(
        &mut self,
        identity: &Identity<'_>,
        attributes: &[u8],
        hash: PointHash,
        value: Number,
        times: u64,
    ) {
        match self.data(identity, attributes, hash, times) {
            Some(data) => data.record(value, times),
            None => unaggregated::count_dropped(times),
        }
    }

    /// Adds the points of `other`, and empties `other`.
    pub(crate) fn merge(&mut self, other: &mut Points) {
        if !MEASURES {
            return;
        }
        if self.is_empty() && self.wanted == other.wanted {
            *self = other.take();
        } else {
            self.merge_kinds(other, |_| true);
        }
    }

    /// Adds the points of `other` of the kinds accepted by `takes`, and empties `other`.
    pub(super) fn merge_kinds(&mut self, other: &mut Points, takes: impl Fn(InstrumentKind) -> bool) {
        let Points { instruments, points, .. } = other.take();
        for entry in points {
            let kept = instruments.get(entry.instrument as usize).filter(|kept| takes(kept.kind));
            let Some(kept) = kept else { continue };
            let hash = PointHash { instrument: hash_of(&kept.name, kept.kind), point: entry.hash };
            match self.data(&kept.identity(), &entry.attributes, hash, 1) {
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

    /// Drops the single values of histograms, after the metric writer has read the values.
    pub(super) fn forget_values(&mut self) {
        for entry in &mut self.points {
            if let Data::Histogram(histogram) = &mut entry.data {
                histogram.values = None;
            }
        }
    }

    /// Returns the data of a point, or of the overflow point over the limit of attribute sets. Returns `None` over the
    /// limit of instruments, and for an invalid name.
    #[inline]
    fn data(&mut self, identity: &Identity<'_>, attributes: &[u8], hash: PointHash, times: u64) -> Option<&mut Data> {
        let place = match self.find(identity, attributes, hash.point) {
            Ok(place) => place,
            Err(free) => self.add(identity, hash.instrument, attributes, (hash.point, free), times)?,
        };
        self.points.get_mut(place as usize).map(|entry| &mut entry.data)
    }

    /// Finds a point. Otherwise returns the free place for the hash in the index.
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
        match self.points.len() {
            len if len == FEW + 1 => self.point_index.fill(self.points.iter().map(|entry| entry.hash)),
            len if len > FEW => self.point_index.insert(free, place),
            _ => {}
        }
        Some(place)
    }

    /// Returns the place of an instrument, and adds the instrument if new. Returns `None` over the limit, and for an
    /// invalid name.
    fn instrument(&mut self, identity: &Identity<'_>, hash: u64) -> Option<u32> {
        let instruments = &self.instruments;
        let found = if instruments.len() <= FEW {
            instruments.iter().position(|kept| kept.is(identity)).map(|place| place as u32).ok_or(hash)
        } else {
            let is_it = |place: u32| instruments.get(place as usize).is_some_and(|kept| kept.is(identity));
            self.instrument_index.find(hash, is_it)
        };
        let free = match found {
            Ok(place) => return Some(place),
            Err(free) => free,
        };
        if !is_valid_name(identity.name.as_str()) {
            return None;
        }
        if self.instruments.len() >= MAX_INSTRUMENTS {
            unaggregated::note_too_many_instruments();
            return None;
        }
        let place = self.instruments.len() as u32;
        self.instruments.push(Kept::new(identity));
        match self.instruments.len() {
            len if len == FEW + 1 => {
                self.instrument_index.fill(self.instruments.iter().map(|kept| hash_of(&kept.name, kept.kind)));
            }
            len if len > FEW => self.instrument_index.insert(free, place),
            _ => {}
        }
        Some(place)
    }
}

/// Returns the attributes of the overflow point.
fn overflow() -> &'static [u8] {
    static ENCODED: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    ENCODED.get_or_init(|| {
        let mut encoded = Vec::new();
        write::bool_attribute(&mut encoded, tag::NUMBER_POINT_ATTRIBUTE, OVERFLOW, true);
        encoded
    })
}
