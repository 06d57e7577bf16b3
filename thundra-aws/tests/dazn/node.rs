//! Node with the published packages: `node/peer.js`, installed under `target/`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use crate::IDS;
use crate::endpoint::Request;
use crate::golden::Golden;
use crate::message::{self, Message};
use crate::transport::{TRANSPORTS, Transport};

const PACKAGE: &str = include_str!("node/package.json");
const LOCK: &str = include_str!("node/package-lock.json");
const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dazn/node/peer.js");
/// Arguments against scripts of packages, and against long waits without a registry.
const NPM_CI: [&str; 5] =
    ["ci", "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"];
/// The id of the invocation in Node.
pub(crate) const REQUEST_ID: &str = "req-9";

/// Runs Node, which sends by each transport and reads thundra's messages. The error names a missing tool.
pub(crate) fn ask() -> Result<Vec<(&'static Transport, Golden)>, String> {
    let directory = installed()?;
    let ours: Vec<_> = TRANSPORTS.iter().map(|transport| (transport, transport.sent())).collect();
    // In JSON the length is a number.
    let mut ids = BTreeMap::from(IDS.map(|(key, value)| (key, json!(value))));
    ids.extend([("call-chain-length", json!(3)), ("awsRequestId", json!("req-1"))]);
    let mut events = Map::new();
    for (transport, messages) in &ours {
        let client_context = messages.iter().find_map(|message| message.client_context.clone());
        let context = json!({ "awsRequestId": REQUEST_ID, "clientContext": client_context });
        for delivery in transport.deliveries {
            let event = json!({ "event": (delivery.event)(messages), "context": context });
            events.insert(format!("{}/{}", transport.name, delivery.name), event);
        }
    }
    let answer = run(&directory, &json!({ "ids": ids, "events": events }));
    let golden = |(transport, we_send)| (transport, golden(transport, we_send, &answer));
    Ok(ours.into_iter().map(golden).collect())
}

fn golden(transport: &Transport, we_send: Vec<Message>, answer: &Value) -> Golden {
    let deliveries = transport.deliveries.iter().map(|delivery| delivery.name);
    let said = |about, delivery: &str| &answer[about][format!("{}/{delivery}", transport.name)];
    let read = |delivery: &'static str| (delivery.to_owned(), said("read", delivery).as_array().unwrap().clone());
    let handed_on = |delivery: &'static str| {
        let message = message::of_sns(&request(said("handed_on", delivery))).remove(0);
        (delivery.to_owned(), message)
    };
    Golden {
        node_sends: (transport.messages)(&request(&answer["sent"][transport.name])),
        we_send,
        node_reads: deliveries.clone().map(read).collect(),
        node_hands_on: deliveries.map(handed_on).collect(),
    }
}

/// Returns the only request captured by `peer.js`.
fn request(captured: &Value) -> Request {
    let [request] = captured.as_array().unwrap().as_slice() else { panic!("one request: {captured}") };
    let headers = serde_json::from_value(request["headers"].clone()).unwrap();
    Request { line: String::new(), headers, body: request["body"].as_str().unwrap().into() }
}

fn run(directory: &Path, input: &Value) -> Value {
    let (asked, answered) = (directory.join("asked.json"), directory.join("answered.json"));
    fs::write(&asked, input.to_string()).unwrap();
    let output = Command::new("node")
        .arg(directory.join("peer.js"))
        .arg(&answered)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .envs([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key")])
        .stdin(File::open(asked).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "peer.js: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&fs::read(answered).unwrap()).unwrap()
}

/// Returns the folder of the packages. The error is the reason for missing packages.
fn installed() -> Result<PathBuf, String> {
    for program in ["node", "npm"] {
        let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.map_err(|error| format!("{program}: {error}"))?;
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dazn");
    fs::create_dir_all(&directory).unwrap();
    let one_at_a_time = File::create(directory.join("lock")).unwrap();
    one_at_a_time.lock().unwrap();
    fs::copy(PEER, directory.join("peer.js")).unwrap();
    let mark = directory.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|lock| lock == LOCK) {
        return Ok(directory);
    }
    fs::write(directory.join("package.json"), PACKAGE).unwrap();
    fs::write(directory.join("package-lock.json"), LOCK).unwrap();
    let npm = Command::new("npm").args(NPM_CI).current_dir(&directory).output().unwrap();
    if !npm.status.success() {
        let said = String::from_utf8_lossy(&npm.stderr);
        assert!(!said.contains("EUSAGE") && !said.contains("EINTEGRITY"), "the lock file is wrong: {said}");
        let errors: Vec<_> = said.lines().filter(|line| line.contains("error")).take(3).collect();
        return Err(format!("npm ci failed: {}", errors.join("; ")));
    }
    fs::write(mark, LOCK).unwrap();
    Ok(directory)
}
