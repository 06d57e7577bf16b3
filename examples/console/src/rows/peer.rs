//! The other end of a call or of received work, as a node of the map, told by attributes.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use thundra_core::semconv;

use super::attributes::{first_text_of, text_of};

/// The kind of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum NodeKind {
    Service,
    Function,
    Queue,
    Topic,
    Stream,
    Bus,
    Table,
    Database,
    Bucket,
    Workflow,
    Aws,
    Host,
    Client,
}

impl NodeKind {
    /// Every kind by its code in the store, which must never change.
    const ALL: [(NodeKind, &'static str); 13] = [
        (NodeKind::Service, "service"),
        (NodeKind::Function, "function"),
        (NodeKind::Queue, "queue"),
        (NodeKind::Topic, "topic"),
        (NodeKind::Stream, "stream"),
        (NodeKind::Bus, "bus"),
        (NodeKind::Table, "table"),
        (NodeKind::Database, "database"),
        (NodeKind::Bucket, "bucket"),
        (NodeKind::Workflow, "workflow"),
        (NodeKind::Aws, "aws"),
        (NodeKind::Host, "host"),
        (NodeKind::Client, "client"),
    ];

    /// Returns the name in the API.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("host", |(_, name)| name)
    }

    /// Returns the code in the store.
    pub(crate) fn code(self) -> i64 {
        self as i64
    }

    /// Returns the kind of a code.
    pub(crate) fn of_code(code: i64) -> Self {
        Self::ALL.iter().find(|(kind, _)| kind.code() == code).map_or(NodeKind::Host, |(kind, _)| *kind)
    }
}

/// A node that a span names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Peer {
    pub(crate) kind: NodeKind,
    pub(crate) name: String,
}

impl Peer {
    /// Makes a node. A longer name is cut.
    pub(crate) fn new(kind: NodeKind, name: &str) -> Self {
        let end = name.floor_char_boundary(256);
        Peer { kind, name: name.get(..end).unwrap_or_default().to_owned() }
    }
}

/// Attributes that name a resource of AWS: a whole name, or an ARN or URL that ends in one.
const RESOURCES: [(&str, NodeKind); 9] = [
    (semconv::AWS_SQS_QUEUE_URL, NodeKind::Queue),
    (semconv::AWS_SNS_TOPIC_ARN, NodeKind::Topic),
    (semconv::AWS_KINESIS_STREAM_NAME, NodeKind::Stream),
    (semconv::AWS_S3_BUCKET, NodeKind::Bucket),
    (semconv::AWS_STEP_FUNCTIONS_STATE_MACHINE_ARN, NodeKind::Workflow),
    (semconv::AWS_STEP_FUNCTIONS_ACTIVITY_ARN, NodeKind::Workflow),
    (semconv::FAAS_INVOKED_NAME, NodeKind::Function),
    (semconv::AWS_LAMBDA_RESOURCE_MAPPING_ID, NodeKind::Function),
    (semconv::AWS_SECRETSMANAGER_SECRET_ARN, NodeKind::Aws),
];

/// Returns the callee of a call.
pub(crate) fn called(attributes: &[KeyValue]) -> Option<Peer> {
    if let Some(peer) = destination(attributes) {
        return Some(peer);
    }
    for (key, kind) in RESOURCES.iter().filter(|(_, kind)| *kind != NodeKind::Aws) {
        if let Some(name) = text_of(attributes, key) {
            return Some(Peer::new(*kind, last(name)));
        }
    }
    if let Some(table) = first_text_of(attributes, semconv::AWS_DYNAMODB_TABLE_NAMES) {
        return Some(Peer::new(NodeKind::Table, last(table)));
    }
    if let Some(system) = text_of(attributes, semconv::DB_SYSTEM_NAME).or_else(|| text_of(attributes, "db.system")) {
        let place = text_of(attributes, semconv::DB_NAMESPACE).or_else(|| text_of(attributes, semconv::SERVER_ADDRESS));
        return Some(match place {
            Some(place) => Peer::new(NodeKind::Database, &format!("{system} {place}")),
            None => Peer::new(NodeKind::Database, system),
        });
    }
    let system = text_of(attributes, semconv::RPC_SYSTEM_NAME).or_else(|| text_of(attributes, semconv::RPC_SYSTEM));
    if system.is_some_and(|system| system.starts_with("aws")) {
        let method = text_of(attributes, semconv::RPC_METHOD).and_then(|method| method.split('/').next());
        let service = text_of(attributes, semconv::RPC_SERVICE).or(method);
        return Some(Peer::new(NodeKind::Aws, service.unwrap_or("AWS")));
    }
    let host = text_of(attributes, semconv::SERVER_ADDRESS).or_else(|| text_of(attributes, "peer.service"));
    let host = host.or_else(|| text_of(attributes, semconv::NETWORK_PEER_ADDRESS));
    host.map(|host| Peer::new(NodeKind::Host, host))
}

/// Returns the source of received work; `None` for a call without an intermediary.
pub(crate) fn received_from(attributes: &[KeyValue]) -> Option<Peer> {
    if let Some(peer) = destination(attributes) {
        return Some(peer);
    }
    if let Some(bucket) = text_of(attributes, semconv::AWS_S3_BUCKET) {
        return Some(Peer::new(NodeKind::Bucket, bucket));
    }
    let table = first_text_of(attributes, semconv::AWS_DYNAMODB_TABLE_NAMES)
        .or_else(|| text_of(attributes, semconv::FAAS_DOCUMENT_COLLECTION));
    table.map(|table| Peer::new(NodeKind::Table, last(table)))
}

/// Returns the destination of messages.
fn destination(attributes: &[KeyValue]) -> Option<Peer> {
    let system = text_of(attributes, semconv::MESSAGING_SYSTEM)?;
    let kind = match system {
        "aws.sns" | "aws_sns" => NodeKind::Topic,
        "aws.kinesis" | "aws_kinesis" | "kinesis" | "kafka" | "aws.firehose" => NodeKind::Stream,
        "aws.eventbridge" | "aws_eventbridge" | "eventbridge" => NodeKind::Bus,
        _ => NodeKind::Queue,
    };
    let name = text_of(attributes, semconv::MESSAGING_DESTINATION_NAME);
    Some(Peer::new(kind, name.map_or(system, last)))
}

/// Returns the last part of an ARN, a URL or a path.
fn last(name: &str) -> &str {
    let part = name.trim_end_matches('/').rsplit(['/', ':']).next();
    part.filter(|part| !part.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::AnyValue;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;

    use super::*;

    fn attributes(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
        let attribute = |(key, value): &(&str, &str)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue { value: Some(Value::StringValue((*value).to_owned())) }),
            ..KeyValue::default()
        };
        pairs.iter().map(attribute).collect()
    }

    #[test]
    fn a_callee_is_told_by_its_attributes() {
        for (pairs, expected) in [
            (&[("messaging.system", "aws_sqs"), ("messaging.destination.name", "orders")][..], "queue:orders"),
            (&[("messaging.system", "aws.sns"), ("messaging.destination.name", "arn:aws:sns:r:1:news")], "topic:news"),
            (&[("aws.sqs.queue.url", "https://sqs.eu.amazonaws.com/1/orders")], "queue:orders"),
            (&[("aws.dynamodb.table_names", "ledger"), ("rpc.system.name", "aws-api")], "table:ledger"),
            (&[("db.system.name", "postgresql"), ("server.address", "db")], "database:postgresql db"),
            (&[("rpc.system", "aws-api"), ("rpc.method", "KMS/Decrypt")], "aws:KMS"),
            (&[("server.address", "api.example.com")], "host:api.example.com"),
            (&[("faas.invoked_name", "arn:aws:lambda:r:1:function:bill")], "function:bill"),
        ] {
            let peer = called(&attributes(pairs)).unwrap();
            assert_eq!(format!("{}:{}", peer.kind.name(), peer.name), expected);
        }
        assert_eq!(called(&[]), None);
    }

    #[test]
    fn every_kind_is_read_back_from_its_code() {
        for (kind, _) in NodeKind::ALL {
            assert_eq!(NodeKind::of_code(kind.code()), kind);
        }
    }
}
