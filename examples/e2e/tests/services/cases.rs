//! The table of cases. A case is one path from a producer to a consumer.

use thundra_core::SpanKind;

/// The transport of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Sqs,
    /// A topic with a queue. The queue gets the raw message, or the notification around the message.
    SnsToSqs {
        raw: bool,
    },
    Kinesis,
    EventBridgeToSqs,
    /// The input of an execution. A state passes the input to a function.
    StepFunctions,
    /// The input of an execution. A state sends the input to a queue.
    StepFunctionsToSqs,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) transport: Transport,
    /// The name of the sending call's span.
    pub(crate) call: &'static str,
    pub(crate) kind: SpanKind,
    /// The path of the context in the Lambda event, through JSON in texts and in base64.
    pub(crate) traceparent: &'static str,
    /// `true` if the event has records.
    pub(crate) batch: bool,
}

pub(crate) const CASES: [Case; 7] = [
    Case {
        name: "sqs",
        transport: Transport::Sqs,
        call: "SQS.SendMessage",
        kind: SpanKind::Producer,
        traceparent: "Records.0.messageAttributes.traceparent.stringValue",
        batch: true,
    },
    Case {
        name: "sns-sqs-envelope",
        transport: Transport::SnsToSqs { raw: false },
        call: "SNS.Publish",
        kind: SpanKind::Producer,
        traceparent: "Records.0.body.MessageAttributes.traceparent.Value",
        batch: true,
    },
    Case {
        name: "sns-sqs-raw",
        transport: Transport::SnsToSqs { raw: true },
        call: "SNS.Publish",
        kind: SpanKind::Producer,
        traceparent: "Records.0.messageAttributes.traceparent.stringValue",
        batch: true,
    },
    Case {
        name: "kinesis",
        transport: Transport::Kinesis,
        call: "Kinesis.PutRecords",
        kind: SpanKind::Producer,
        traceparent: "Records.0.kinesis.data.__context__.traceparent",
        batch: true,
    },
    Case {
        name: "eventbridge-sqs",
        transport: Transport::EventBridgeToSqs,
        call: "EventBridge.PutEvents",
        kind: SpanKind::Producer,
        traceparent: "Records.0.body.detail.__context__.traceparent",
        batch: true,
    },
    Case {
        name: "sfn",
        transport: Transport::StepFunctions,
        call: "SFN.StartExecution",
        kind: SpanKind::Client,
        traceparent: "__context__.traceparent",
        batch: false,
    },
    Case {
        name: "sfn-sqs",
        transport: Transport::StepFunctionsToSqs,
        call: "SFN.StartExecution",
        kind: SpanKind::Client,
        traceparent: "Records.0.body.__context__.traceparent",
        batch: true,
    },
];
