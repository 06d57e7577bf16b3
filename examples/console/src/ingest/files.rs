//! Logs in files and on standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde_json::Value as Json;
use thundra_lines::MAX_BYTES;
use tokio::runtime::Handle;

use super::line::Lines;
use super::message::{Message, Messages};
use crate::rows::{Batch, Rejected};
use crate::store::{Error, Store};

/// The bytes of lines, and the rows, of a batch.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_ROWS: usize = 5000;

/// The longest line. An envelope of 1 MiB, the limit of CloudWatch Logs, is far below.
const MAX_LINE: u64 = 16 << 20;

/// What some programs write in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a log had.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) spans: u64,
    pub(crate) logs: u64,
    pub(crate) points: u64,
    pub(crate) rejected: u64,
}

/// Reads a log into the store, on a thread that may block.
///
/// # Errors
///
/// If the log cannot be read, or the store takes no more.
pub(crate) async fn read(path: &Path, store: Store) -> Result<Summary, Error> {
    let (path, handle) = (path.to_owned(), Handle::current());
    let reading = tokio::task::spawn_blocking(move || {
        let is_live = path.as_os_str() == "-";
        let (batch, summary) = (Batch::default(), Summary::default());
        let mut loading = Loading { store, handle, is_live, batch, bytes: 0, summary };
        if is_live {
            loading.read(BufReader::new(io::stdin()))
        } else {
            loading.read(BufReader::new(File::open(path)?))
        }
    });
    reading.await.map_err(|_| Error::Closed)?
}

/// A log on its way into the store.
struct Loading {
    store: Store,
    handle: Handle,
    /// `true` for a log that somebody may still write: what is read is stored before waiting for more.
    is_live: bool,
    batch: Batch,
    bytes: usize,
    summary: Summary,
}

impl Loading {
    fn read(&mut self, mut log: BufReader<impl Read>) -> Result<Summary, Error> {
        // Gzip begins with these two bytes.
        let result = if log.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
            self.text(BufReader::new(MultiGzDecoder::new(log)))
        } else {
            self.text(log)
        };
        // What was read before a fault, such as the end of half a file, is kept.
        self.write()?;
        result.map(|()| self.summary)
    }

    /// Reads JSON that takes several lines, such as one that a tool has formatted, or else lines.
    fn text(&mut self, mut log: BufReader<impl Read>) -> Result<(), Error> {
        let mut first = Vec::new();
        (&mut log).take(MAX_LINE).read_until(b'\n', &mut first)?;
        if first.starts_with(BYTE_ORDER_MARK) {
            first.drain(..BYTE_ORDER_MARK.len());
        }
        if !is_unfinished(&String::from_utf8_lossy(&first)) {
            return self.lines(BufReader::new(Cursor::new(first).chain(log)));
        }
        let mut all = first;
        (&mut log).take(MAX_BYTES as u64).read_to_end(&mut all)?;
        let values: Result<Vec<Json>, _> = serde_json::Deserializer::from_slice(&all).into_iter().collect();
        let Ok(values) = values else { return self.lines(BufReader::new(Cursor::new(all).chain(log))) };
        let mut lines = Lines::default();
        for value in values {
            let items = if let Json::Array(items) = value { items } else { vec![value] };
            for item in items {
                lines.read(&Message { text: item.to_string(), ..Message::default() }, &mut self.batch);
            }
            self.write()?;
        }
        Ok(())
    }

    fn lines(&mut self, mut log: BufReader<impl Read>) -> Result<(), Error> {
        let (mut messages, mut lines) = (Messages::default(), Lines::default());
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = (&mut log).take(MAX_LINE).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                break;
            }
            if read as u64 == MAX_LINE && !bytes.ends_with(b"\n") {
                self.batch.rejected.lines += 1;
                skip_line(&mut log)?;
                continue;
            }
            let line = String::from_utf8_lossy(&bytes);
            if let Some(message) = messages.line(&line) {
                self.message(&message, &mut lines)?;
            }
            if self.is_live && log.buffer().is_empty() {
                if let Some(message) = messages.end() {
                    self.message(&message, &mut lines)?;
                }
                self.write()?;
            }
        }
        match messages.end() {
            Some(message) => self.message(&message, &mut lines),
            None => Ok(()),
        }
    }

    fn message(&mut self, message: &Message, lines: &mut Lines) -> Result<(), Error> {
        self.bytes += message.text.len();
        lines.read(message, &mut self.batch);
        if self.bytes >= BATCH_BYTES || self.batch.len() >= BATCH_ROWS { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), Error> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if batch.len() == 0 && batch.rejected == Rejected::default() {
            return Ok(());
        }
        self.summary.rejected += batch.rejected.lines + batch.rejected.spans;
        let change = self.handle.block_on(self.store.write(batch))?;
        self.summary.spans += change.spans;
        self.summary.logs += change.logs;
        self.summary.points += change.points;
        Ok(())
    }
}

/// Returns `true` for the first line of a JSON value that goes on.
fn is_unfinished(line: &str) -> bool {
    let line = line.trim();
    let is_value = line.starts_with(['{', '[']);
    is_value && serde_json::from_str::<serde::de::IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

fn skip_line(log: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = log.fill_buf()?;
        let (len, is_end) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(place) => (place + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        log.consume(len);
        if is_end {
            return Ok(());
        }
    }
}
