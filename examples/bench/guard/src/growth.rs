//! Work whose unit cost must not grow with the size.

use std::io;

use Unit::{Each, Whole};

use crate::table::{self, number};
use crate::{cost, is_asked_for, parallel};

/// The largest allowed ratio of the unit cost at a size to that at a smaller size.
const FLAT: f64 = 1.10;
/// The limit of work with more than 4,096 open spans, where a locked map complements the table.
const OVERFLOW: f64 = 1.30;

const SPANS: &[u64] = &[10, 1_000, 10_000, 100_000];
const BYTES: &[u64] = &[100_000, 6_000_000];
/// The sizes of work so cheap for each byte that the start of the process shows at 100,000.
const CHEAP_BYTES: &[u64] = &[400_000, 6_000_000];
const RECORDS: &[u64] = &[100, 1_000];
/// The first 128 changes of an event are hashed.
const CHANGES: &[u64] = &[1_000, 4_000];

/// Work with the same unit cost at each size.
struct Growth {
    name: &'static str,
    work: &'static str,
    unit: Unit,
    /// The sizes. Sizes below one hundred are only shown, because the constant cost dominates.
    sizes: &'static [u64],
    limit: f64,
}

/// The unit whose cost must stay the same.
enum Unit {
    /// Each of the counted items.
    Each(&'static str),
    /// The whole work, at any size.
    Whole(&'static str),
}

#[rustfmt::skip]
const GROWTHS: &[Growth] = &[
    Growth::new("spans in a scope",             ("recorded", SPANS),    Each("span"),     FLAT),
    Growth::new("spans open at once",           ("open", SPANS),        Each("span"),     OVERFLOW),
    Growth::new("trigger: SNS by its bytes",    ("sns", CHEAP_BYTES),   Each("byte"),     FLAT),
    Growth::new("trigger: request with a body", ("api_gateway", BYTES), Whole("request"), FLAT),
    Growth::new("trigger: SQS by records",      ("sqs", RECORDS),       Each("record"),   FLAT),
    Growth::new("trigger: Kinesis by records",  ("kinesis", RECORDS),   Each("record"),   FLAT),
    Growth::new("trigger: DynamoDB by records", ("dynamodb", CHANGES),  Each("record"),   FLAT),
    Growth::new("trigger: Firehose by records", ("firehose", RECORDS),  Each("record"),   FLAT),
    Growth::new("trigger: Kafka by records",    ("kafka", RECORDS),     Each("record"),   FLAT),
    Growth::new("trigger: RabbitMQ by records", ("rabbitmq", RECORDS),  Each("record"),   FLAT),
    Growth::new("trigger: pipe by records",     ("pipe", RECORDS),      Each("record"),   FLAT),
    Growth::new("payload spliced by its bytes", ("splice", CHEAP_BYTES), Each("byte"),    FLAT),
];

impl Growth {
    const fn new(name: &'static str, (work, sizes): (&'static str, &'static [u64]), unit: Unit, limit: f64) -> Self {
        Growth { name, work, unit, sizes, limit }
    }

    /// Returns the instructions of one unit at each size.
    fn measure(&self) -> io::Result<Vec<f64>> {
        let each = |&size: &u64| {
            let counts = cost::count(self.work, size, 1, &[])? - cost::count(self.work, size, 0, &[])?;
            Ok(counts.instructions as f64 / if let Each(_) = self.unit { size as f64 } else { 1.0 })
        };
        self.sizes.iter().map(each).collect()
    }

    /// Returns the largest ratio of the cost at a size to that at a smaller size. Work that becomes cheaper is flat:
    /// the C library moves large blocks without copying them.
    fn ratio(&self, instructions: &[f64]) -> f64 {
        let held = self.sizes.iter().zip(instructions).filter(|(size, _)| **size >= 100).map(|(_, found)| *found);
        let (_, ratio) = held.fold((f64::INFINITY, 1.0_f64), |(cheapest, ratio), found| {
            (cheapest.min(found), ratio.max(found / cheapest))
        });
        ratio
    }
}

/// Returns `true` if all work whose name contains `part` is flat.
pub(crate) fn check(part: &str) -> io::Result<bool> {
    let growths: Vec<_> = GROWTHS.iter().filter(|growth| is_asked_for(growth.name, part)).collect();
    let head = ["work", "unit", "size: instructions each", "", "", "", "growth", "verdict"].map(str::to_owned);
    let (mut rows, mut remarks) = (vec![head.to_vec()], Vec::new());
    for (growth, instructions) in growths.iter().zip(parallel::each(&growths, Growth::measure)?) {
        let (ratio, limit) = (growth.ratio(&instructions), growth.limit);
        let (Each(unit) | Whole(unit)) = growth.unit;
        let mut row = vec![growth.name.to_owned(), unit.to_owned()];
        row.extend(growth.sizes.iter().zip(&instructions).map(|(size, found)| format!("{size}: {}", number(*found))));
        row.resize(2 + SPANS.len(), String::new());
        let flat = ratio <= limit;
        row.extend([format!("{ratio:.2}"), if flat { "flat" } else { "STEEP" }.to_owned()]);
        rows.push(row);
        if !flat {
            remarks.push(format!("{}: {ratio:.2} / {limit:.2} times as much: STEEP", growth.name));
        }
    }
    table::print(&rows, &remarks);
    Ok(remarks.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sizes_are_not_held_to_the_limit() {
        let growth = Growth::new("spans", ("recorded", SPANS), Each("span"), FLAT);
        assert_eq!(growth.ratio(&[9_000.0, 100.0, 110.0, 105.0]), 1.1);
    }

    #[test]
    fn cheaper_units_are_no_growth() {
        let growth = Growth::new("spans", ("recorded", SPANS), Each("span"), FLAT);
        assert_eq!(growth.ratio(&[100.0, 130.0, 110.0, 90.0]), 1.0);
    }
}
