//! The golden messages, a file for each transport.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::Message;

/// The messages in both directions between Node and thundra over one transport.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Golden {
    pub(crate) node_sends: Vec<Message>,
    pub(crate) we_send: Vec<Message>,
    /// The ids of each of our messages, by the form of delivery.
    pub(crate) node_reads: BTreeMap<String, Vec<Value>>,
    /// The message that Node publishes to SNS afterwards, with the ids of the first message.
    pub(crate) node_hands_on: BTreeMap<String, Message>,
}

impl Golden {
    pub(crate) fn read(name: &str) -> Self {
        let path = path(name);
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Compares with the file, or writes the file under `GOLDEN=write`.
    pub(crate) fn check(&self, name: &str) {
        if std::env::var("GOLDEN").is_ok_and(|wish| wish == "write") {
            let text = serde_json::to_string_pretty(self).unwrap() + "\n";
            std::fs::write(path(name), text).unwrap();
        }
        assert_eq!(*self, Golden::read(name), "{name}: GOLDEN=write takes it over");
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dazn/golden").join(name).with_extension("json")
}
