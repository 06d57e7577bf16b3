//! The thread that writes. Batches that wait together share a transaction.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::batch::{self, Memory};
use super::file::File;
use super::{Error, retention, schema};
use crate::rows::Batch;

/// The batches that may wait. More senders wait for their turn.
const QUEUE: usize = 16;

/// The rows of a transaction, about.
const MAX_ROWS: usize = 20_000;

/// The requests that a change names.
const MAX_NAMED: usize = 100;

/// The changes that are remembered for a browser that connects again.
const REMEMBERED: usize = 4096;

/// What a transaction brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) seq: i64,
    pub(crate) spans: u64,
    pub(crate) logs: u64,
    pub(crate) points: u64,
    pub(crate) invocations: u64,
    pub(crate) evicted: u64,
    /// The keys of changed requests.
    pub(crate) requests: BTreeSet<String>,
    /// `true` if more requests changed than are named.
    pub(crate) more: bool,
}

impl Change {
    /// Adds a later change.
    pub(crate) fn join(&mut self, later: &Change) {
        self.seq = self.seq.max(later.seq);
        self.spans += later.spans;
        self.logs += later.logs;
        self.points += later.points;
        self.invocations += later.invocations;
        self.evicted += later.evicted;
        self.more |= later.more;
        for request in &later.requests {
            if self.requests.len() < MAX_NAMED {
                self.requests.insert(request.clone());
            } else {
                self.more |= !self.requests.contains(request);
            }
        }
    }
}

type Done = oneshot::Sender<Result<Change, Error>>;

/// The writer's end for others.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<(Batch, Done)>,
    changes: broadcast::Sender<Change>,
    recent: Arc<Mutex<VecDeque<Change>>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection, file: Arc<File>, limit: u64) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let writer = Writer { jobs, changes: broadcast::channel(256).0, recent: Arc::default() };
        let seq = connection
            .query_row("SELECT coalesce(max(value), 0) FROM meta WHERE name = 'seq'", [], |row| row.get(0))?;
        let (changes, recent) = (writer.changes.clone(), Arc::clone(&writer.recent));
        let mut work = Work { connection, file, limit, memory: Memory::default(), seq, evicted: 0, changes, recent };
        thread::Builder::new().name("store".to_owned()).spawn(move || work.run(queue))?;
        Ok(writer)
    }

    /// Hands over a batch, and waits for its transaction.
    pub(super) async fn write(&self, batch: Batch) -> Result<Change, Error> {
        let (done, result) = oneshot::channel();
        self.jobs.send((batch, done)).await.map_err(|_| Error::Closed)?;
        result.await.map_err(|_| Error::Closed)?
    }

    pub(super) fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Returns what changed after a sequence number; `None` if it is too long ago, or of another store.
    pub(crate) fn since(&self, seq: i64) -> Option<Change> {
        let recent = self.recent.lock().ok()?;
        let last = recent.back().map_or(0, |change| change.seq);
        let is_covered = recent.front().is_none_or(|first| first.seq <= seq + 1) && seq <= last;
        let mut sum = Change { seq, ..Change::default() };
        recent.iter().filter(|change| change.seq > seq).for_each(|change| sum.join(change));
        is_covered.then_some(sum)
    }
}

/// The thread's state.
struct Work {
    connection: Connection,
    file: Arc<File>,
    limit: u64,
    memory: Memory,
    seq: i64,
    /// The requests that made room for a batch which is not written yet.
    evicted: u64,
    changes: broadcast::Sender<Change>,
    recent: Arc<Mutex<VecDeque<Change>>>,
}

impl Work {
    fn run(&mut self, mut queue: mpsc::Receiver<(Batch, Done)>) {
        while let Some((mut batch, done)) = queue.blocking_recv() {
            let (mut waiting, mut rows) = (vec![done], batch.len());
            let mut batches = Vec::new();
            while rows < MAX_ROWS {
                let Ok((other, done)) = queue.try_recv() else { break };
                rows += other.len();
                batches.push(std::mem::replace(&mut batch, other));
                waiting.push(done);
            }
            batches.push(batch);
            match self.write(&batches) {
                // A sender that went away needs no answer.
                Ok(change) => waiting.into_iter().for_each(|done| _ = done.send(Ok(change.clone()))),
                // One of them is at fault: the others must not share its fate.
                Err(_) if batches.len() > 1 => {
                    for (batch, done) in batches.iter().zip(waiting) {
                        let _ = done.send(self.write(std::slice::from_ref(batch)));
                    }
                }
                Err(error) => {
                    let _ = waiting.pop().map(|done| done.send(Err(error)));
                }
            }
            self.checkpoint();
        }
    }

    /// Writes batches in one transaction; one more time after making room if the file is full.
    fn write(&mut self, batches: &[Batch]) -> Result<Change, Error> {
        let result = match self.transact(batches) {
            Err(Error::Sqlite(error)) if is_full(&error) => {
                self.make_room()?;
                self.transact(batches).map_err(|error| match error {
                    Error::Sqlite(error) if is_full(&error) => Error::Full,
                    error => error,
                })
            }
            result => result,
        };
        match &result {
            Ok(change) => self.announce(change),
            Err(_) => self.memory = Memory::default(),
        }
        result
    }

    /// Removes the oldest requests until half of the file is free.
    fn make_room(&mut self) -> Result<(), Error> {
        self.memory = Memory::default();
        let transaction = self.connection.transaction()?;
        self.evicted += retention::evict_to(&transaction, schema::file_bytes(self.limit) / 2)?;
        Ok(transaction.commit()?)
    }

    fn transact(&mut self, batches: &[Batch]) -> Result<Change, Error> {
        let seq = self.seq + 1;
        let transaction = self.connection.transaction()?;
        let mut change = Change { seq, ..Change::default() };
        let mut requests = BTreeSet::new();
        for batch in batches {
            let written = match batch::write(&transaction, &mut self.memory, batch, seq) {
                Ok(written) => written,
                Err(error) => {
                    self.memory = Memory::default();
                    return Err(error);
                }
            };
            change.spans += written.spans;
            change.invocations += written.invocations;
            change.logs += batch.logs.len() as u64;
            change.points += batch.points.len() as u64;
            requests.extend(written.requests);
        }
        change.evicted = self.evicted + retention::enforce(&transaction, self.limit)?;
        change.more = requests.len() > MAX_NAMED;
        for request in requests.into_iter().take(MAX_NAMED) {
            let mut key = transaction.prepare_cached("SELECT key FROM request WHERE id = ?")?;
            change.requests.extend(key.query_map([request], |row| row.get(0))?.filter_map(Result::ok));
        }
        transaction.execute("INSERT OR REPLACE INTO meta VALUES ('seq', ?)", [seq])?;
        transaction.execute(
            "INSERT INTO meta VALUES ('evicted', ?1) ON CONFLICT DO UPDATE SET value = value + ?1",
            [change.evicted],
        )?;
        transaction.commit()?;
        (self.seq, self.evicted) = (seq, 0);
        if change.evicted > 0 {
            self.memory = Memory::default();
        }
        Ok(change)
    }

    fn announce(&self, change: &Change) {
        if let Ok(mut recent) = self.recent.lock() {
            if recent.len() >= REMEMBERED {
                recent.pop_front();
            }
            recent.push_back(change.clone());
        }
        // Nobody listens while no browser is open.
        let _ = self.changes.send(change.clone());
    }

    /// Empties the write-ahead log if it has grown beyond its share of the limit, which a long read can cause.
    fn checkpoint(&self) {
        let share = self.limit - schema::file_bytes(self.limit);
        if std::fs::metadata(self.file.wal()).is_ok_and(|wal| wal.len() > share / 2) {
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}
