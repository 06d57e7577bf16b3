//! What the spans of a block may have: a Bloom filter of attributes, so that a search for one passes over most blocks
//! unread.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Error;

/// The bits of a span's number within its block. Files depend on it.
const BLOCK_BITS: u32 = 10;

/// The blocks `b`, each with its spans `s`, as tables of SQL: what is asked of `b` alone is asked before its spans are
/// read.
pub(crate) const SPANS_OF_BLOCKS: &str =
    "span_block b CROSS JOIN span s ON s.id BETWEEN b.id << 10 AND b.id << 10 | 1023";

/// The bits of a filter: 32 for each span. A few thousand different attributes leave one wrong block in a hundred.
const FILTER_BITS: u32 = 15;

/// The block in use. A rollback forgets it.
#[derive(Debug, Default)]
pub(super) struct Blocks(Option<Block>);

#[derive(Debug)]
struct Block {
    id: i64,
    /// `None` where earlier spans are unknown.
    filter: Option<Vec<u8>>,
    /// The resources whose attributes are in the filter.
    resources: HashSet<i64>,
    is_changed: bool,
}

impl Blocks {
    /// Adds a span: its own attributes, as lists of attributes have them, and those of its resource.
    pub(super) fn add(&mut self, db: &Connection, span: i64, resource: i64, entries: &[u8]) -> Result<(), Error> {
        let id = span >> BLOCK_BITS;
        if self.0.as_ref().is_none_or(|block| block.id != id) {
            self.write(db)?;
            self.0 = Some(Block::open(db, id)?);
        }
        let Some(block) = &mut self.0 else { return Ok(()) };
        block.add(entries);
        if block.resources.insert(resource) {
            let mut statement = db.prepare_cached("SELECT attributes FROM resource WHERE id = ?")?;
            block.add(&statement.query_row([resource], |row| row.get::<_, Vec<u8>>(0))?);
        }
        Ok(())
    }

    /// Writes the block in use.
    pub(super) fn write(&mut self, db: &Connection) -> Result<(), Error> {
        if let Some(block) = self.0.as_mut().filter(|block| block.is_changed) {
            db.prepare_cached("INSERT OR REPLACE INTO span_block VALUES (?, ?)")?
                .execute(params![block.id, block.filter])?;
            block.is_changed = false;
        }
        Ok(())
    }
}

impl Block {
    fn open(db: &Connection, id: i64) -> Result<Self, Error> {
        let stored = db
            .prepare_cached("SELECT filter FROM span_block WHERE id = ?")?
            .query_row([id], |row| row.get::<_, Option<Vec<u8>>>(0))
            .optional()?;
        let filter = stored.unwrap_or_else(|| Some(vec![0; 1 << (FILTER_BITS - 3)]));
        Ok(Block { id, filter, resources: HashSet::new(), is_changed: false })
    }

    fn add(&mut self, entries: &[u8]) {
        let Some(filter) = &mut self.filter else { return };
        for entry in entries.as_chunks::<8>().0 {
            for bit in bits(u64::from_be_bytes(*entry)) {
                if let Some(byte) = filter.get_mut(bit >> 3) {
                    *byte |= 1 << (bit & 7);
                }
            }
        }
        self.is_changed = true;
    }
}

/// Returns `true` unless no span of a block has the entry.
pub(super) fn may_have(filter: &[u8], entry: u64) -> bool {
    bits(entry).iter().all(|bit| filter.get(bit >> 3).is_some_and(|byte| byte & 1 << (bit & 7) != 0))
}

/// Returns the bits of an entry. Files depend on them.
fn bits(entry: u64) -> [usize; 3] {
    // The key is in the highest bits and the hash of the value in the others: all of them matter to the highest
    // product.
    let mixed = (entry ^ entry >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    [1, 2, 3].map(|nth| (mixed >> (u64::BITS - nth * FILTER_BITS)) as usize & ((1 << FILTER_BITS) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_what_was_added_and_little_else() {
        let entry = |key: u64, value: u64| key << 48 | crate::rows::hash(&value.to_string());
        let filter = Some(vec![0; 1 << (FILTER_BITS - 3)]);
        let mut block = Block { id: 0, filter, resources: HashSet::new(), is_changed: false };
        let added: Vec<u64> = (0..3000).map(|value| entry(value % 8, value)).collect();
        block.add(&added.iter().flat_map(|entry| entry.to_be_bytes()).collect::<Vec<_>>());
        let filter = block.filter.unwrap();
        assert!(added.iter().all(|entry| may_have(&filter, *entry)));
        let wrong = (0..10_000).filter(|value| may_have(&filter, entry(9, *value))).count();
        assert!(wrong < 300, "{wrong} of 10,000");
    }

    #[test]
    fn a_block_is_filled_by_several_batches_and_an_unknown_one_stays_so() {
        let db = Connection::open_in_memory().unwrap();
        crate::store::functions::add(&db).unwrap();
        db.execute_batch(
            "CREATE TABLE span_block (id INTEGER PRIMARY KEY, filter BLOB); INSERT INTO span_block VALUES (1, NULL);
             CREATE TABLE resource (id INTEGER PRIMARY KEY, attributes BLOB); INSERT INTO resource VALUES (7, x'0000000000000009');",
        )
        .unwrap();
        for (span, entry) in [(1, 3u64), (2, 4), (1024, 5), (2048, 6)] {
            // As after a restart.
            let mut blocks = Blocks::default();
            blocks.add(&db, span, 7, &entry.to_be_bytes()).unwrap();
            blocks.write(&db).unwrap();
        }
        let blocks_with = |entry: i64| -> String {
            let sql = "SELECT group_concat(id ORDER BY id) FROM span_block WHERE may_have(filter, ?)";
            db.query_row(sql, [entry], |row| row.get(0)).unwrap()
        };
        for (entry, blocks) in [(3, "0,1"), (4, "0,1"), (5, "1"), (6, "1,2"), (9, "0,1,2")] {
            assert_eq!(blocks_with(entry), blocks, "{entry}");
        }
    }
}
