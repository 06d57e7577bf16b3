//! The names of all attributes: the [OpenTelemetry semantic conventions v1.44], and our own (`thundra.*`).
//!
//! The module is for our own crates, and follows each version of the conventions. Programs have the crate
//! `opentelemetry-semantic-conventions`.
//!
//! [OpenTelemetry semantic conventions v1.44]: https://github.com/open-telemetry/semantic-conventions/tree/v1.44.0

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {$(
        #[doc = concat!("`", $value, "`")]
        $(#[$doc])*
        pub const $name: &str = $value;
    )*};
}

names! {
    AWS_ALEXA_INTENT_NAME = "aws.alexa.intent.name";
    AWS_ALEXA_REQUEST_TYPE = "aws.alexa.request.type";
    AWS_APPSYNC_CHANNEL_NAMESPACE = "aws.appsync.channel_namespace.name";
    AWS_APPSYNC_OPERATION = "aws.appsync.operation";
    AWS_AUTOSCALING_CAUSE = "aws.autoscaling.cause";
    AWS_AUTOSCALING_GROUP_NAME = "aws.autoscaling.group.name";
    AWS_BEDROCK_ACTION_GROUP_NAME = "aws.bedrock.action_group.name";
    AWS_CLIENT_VPN_ENDPOINT_ID = "aws.client_vpn.endpoint.id";
    AWS_CLOUDFORMATION_REQUEST_TYPE = "aws.cloudformation.request.type";
    AWS_CLOUDFORMATION_RESOURCE_TYPE = "aws.cloudformation.resource.type";
    AWS_CLOUDFORMATION_STACK_ID = "aws.cloudformation.stack.id";
    AWS_CLOUDFRONT_DISTRIBUTION_ID = "aws.cloudfront.distribution.id";
    AWS_CLOUDFRONT_EVENT_TYPE = "aws.cloudfront.event_type";
    AWS_CLOUDWATCH_ALARM_NAME = "aws.cloudwatch.alarm.name";
    AWS_CLOUDWATCH_ALARM_STATE = "aws.cloudwatch.alarm.state";
    AWS_CODEPIPELINE_JOB_ID = "aws.codepipeline.job.id";
    AWS_COGNITO_IDENTITY_POOL_ID = "aws.cognito.identity_pool.id";
    AWS_COGNITO_TRIGGER_SOURCE = "aws.cognito.trigger_source";
    AWS_COGNITO_USER_POOL_ID = "aws.cognito.user_pool.id";
    AWS_CONFIG_RULE_NAME = "aws.config.rule.name";
    AWS_CONNECT_CHANNEL = "aws.connect.channel";
    AWS_EVENTBRIDGE_DETAIL_TYPE = "aws.eventbridge.detail_type";
    /// The name of the replay behind an event. Not in the conventions.
    AWS_EVENTBRIDGE_REPLAY_NAME = "aws.eventbridge.replay_name";
    AWS_EVENTBRIDGE_SOURCE = "aws.eventbridge.source";
    /// The sequence number in a stream, of a record with another id.
    AWS_KINESIS_SEQUENCE_NUMBER = "aws.kinesis.sequence_number";
    AWS_KINESIS_STREAM_NAME = "aws.kinesis.stream_name";
    /// The place of a user record among the user records packed by a producer into the same record, from 0.
    AWS_KINESIS_SUBSEQUENCE_NUMBER = "aws.kinesis.subsequence_number";
    /// A single attempt of a request id: a retry has the same request id, and another invocation id.
    AWS_LAMBDA_INVOCATION_ID = "aws.lambda.invocation_id";
    /// The condition of the invocation reported by a destination of Lambda, such as `RetriesExhausted`. Not in the
    /// conventions.
    AWS_LAMBDA_DESTINATION_CONDITION = "aws.lambda.destination.condition";
    /// The function of the invocation reported by a destination of Lambda. Not in the conventions.
    AWS_LAMBDA_DESTINATION_FUNCTION_ARN = "aws.lambda.destination.function_arn";
    /// The request id of the invocation reported by a destination of Lambda. Not in the conventions.
    AWS_LAMBDA_DESTINATION_REQUEST_ID = "aws.lambda.destination.request_id";
    AWS_LAMBDA_INVOKED_ARN = "aws.lambda.invoked_arn";
    AWS_LEX_BOT_NAME = "aws.lex.bot.name";
    AWS_LEX_INTENT_NAME = "aws.lex.intent.name";
    AWS_LEX_INVOCATION_SOURCE = "aws.lex.invocation_source";
    AWS_LOG_GROUP_NAMES = "aws.log.group.names";
    AWS_LOG_STREAM_NAMES = "aws.log.stream.names";
    /// The mark, `true`, of a message of Amazon MQ delivered by the broker before.
    AWS_MQ_REDELIVERED = "aws.mq.redelivered";
    AWS_REQUEST_ID = "aws.request_id";
    AWS_EXTENDED_REQUEST_ID = "aws.extended_request_id";
    AWS_LAMBDA_RESOURCE_MAPPING_ID = "aws.lambda.resource_mapping.id";
    /// The job of S3 Batch Operations. Not in the conventions.
    AWS_S3_BATCH_JOB_ID = "aws.s3.batch.job.id";
    /// A task of a job of S3 Batch Operations. Not in the conventions.
    AWS_S3_BATCH_TASK_ID = "aws.s3.batch.task.id";
    AWS_S3_BUCKET = "aws.s3.bucket";
    AWS_S3_COPY_SOURCE = "aws.s3.copy_source";
    AWS_S3_KEY = "aws.s3.key";
    AWS_S3_PART_NUMBER = "aws.s3.part_number";
    AWS_S3_UPLOAD_ID = "aws.s3.upload_id";
    AWS_SECRETSMANAGER_ROTATION_STEP = "aws.secretsmanager.rotation.step";
    AWS_SECRETSMANAGER_SECRET_ARN = "aws.secretsmanager.secret.arn";
    AWS_SES_MESSAGE_ID = "aws.ses.message.id";
    AWS_SNS_TOPIC_ARN = "aws.sns.topic.arn";
    /// The number of deliveries of a message of SQS, including the current delivery, as counted by SQS.
    AWS_SQS_RECEIVE_COUNT = "aws.sqs.receive_count";
    AWS_SQS_QUEUE_URL = "aws.sqs.queue.url";
    AWS_STEP_FUNCTIONS_ACTIVITY_ARN = "aws.step_functions.activity.arn";
    /// The execution of a task. Not in the conventions.
    AWS_STEP_FUNCTIONS_EXECUTION_ARN = "aws.step_functions.execution.arn";
    AWS_STEP_FUNCTIONS_STATE_MACHINE_ARN = "aws.step_functions.state_machine.arn";
    /// The name of the state of a task. Not in the conventions.
    AWS_STEP_FUNCTIONS_STATE_NAME = "aws.step_functions.state.name";
    /// The number of retries of the state of a task. Not in the conventions.
    AWS_STEP_FUNCTIONS_STATE_RETRY_COUNT = "aws.step_functions.state.retry_count";
    CLIENT_ADDRESS = "client.address";
    /// `true` in the log lines of a cold start, under the name of the Powertools for AWS Lambda.
    COLD_START = "cold_start";
    CLOUDEVENTS_EVENT_ID = "cloudevents.event_id";
    CLOUDEVENTS_EVENT_SOURCE = "cloudevents.event_source";
    CLOUDEVENTS_EVENT_SPEC_VERSION = "cloudevents.event_spec_version";
    CLOUDEVENTS_EVENT_SUBJECT = "cloudevents.event_subject";
    CLOUDEVENTS_EVENT_TYPE = "cloudevents.event_type";
    CLOUD_ACCOUNT_ID = "cloud.account.id";
    /// The id of the zone, such as `use1-az1`. An id names the same place in all accounts.
    CLOUD_AVAILABILITY_ZONE = "cloud.availability_zone";
    CLOUD_PLATFORM = "cloud.platform";
    CLOUD_PROVIDER = "cloud.provider";
    CLOUD_REGION = "cloud.region";
    CLOUD_RESOURCE_ID = "cloud.resource_id";
    CODE_FILE_PATH = "code.file.path";
    CODE_LINE_NUMBER = "code.line.number";
    DB_NAMESPACE = "db.namespace";
    DB_OPERATION_NAME = "db.operation.name";
    DB_SYSTEM_NAME = "db.system.name";
    AWS_DYNAMODB_ATTRIBUTES_TO_GET = "aws.dynamodb.attributes_to_get";
    AWS_DYNAMODB_CONSISTENT_READ = "aws.dynamodb.consistent_read";
    AWS_DYNAMODB_CONSUMED_CAPACITY = "aws.dynamodb.consumed_capacity";
    AWS_DYNAMODB_COUNT = "aws.dynamodb.count";
    AWS_DYNAMODB_EXCLUSIVE_START_TABLE = "aws.dynamodb.exclusive_start_table";
    AWS_DYNAMODB_INDEX_NAME = "aws.dynamodb.index_name";
    AWS_DYNAMODB_LIMIT = "aws.dynamodb.limit";
    /// The service behind a change of an item without a call: DynamoDB, for an item past the time to live.
    AWS_DYNAMODB_PRINCIPAL_ID = "aws.dynamodb.principal_id";
    AWS_DYNAMODB_PROJECTION = "aws.dynamodb.projection";
    AWS_DYNAMODB_PROVISIONED_READ_CAPACITY = "aws.dynamodb.provisioned_read_capacity";
    AWS_DYNAMODB_PROVISIONED_WRITE_CAPACITY = "aws.dynamodb.provisioned_write_capacity";
    AWS_DYNAMODB_SCANNED_COUNT = "aws.dynamodb.scanned_count";
    AWS_DYNAMODB_SCAN_FORWARD = "aws.dynamodb.scan_forward";
    AWS_DYNAMODB_SEGMENT = "aws.dynamodb.segment";
    AWS_DYNAMODB_SELECT = "aws.dynamodb.select";
    AWS_DYNAMODB_TABLE_COUNT = "aws.dynamodb.table_count";
    AWS_DYNAMODB_TABLE_NAMES = "aws.dynamodb.table_names";
    AWS_DYNAMODB_TOTAL_SEGMENTS = "aws.dynamodb.total_segments";
    CPU_MODE = "cpu.mode";
    DEPLOYMENT_ID = "deployment.id";
    DISK_IO_DIRECTION = "disk.io.direction";
    /// The number of the attempt at an operation of a durable execution, from 1, as in AWS's plugins for OpenTelemetry.
    DURABLE_ATTEMPT_NUMBER = "durable.attempt.number";
    /// The outcome of an attempt, as in AWS's plugins for OpenTelemetry: `SUCCEEDED` or `FAILED`.
    DURABLE_ATTEMPT_OUTCOME = "durable.attempt.outcome";
    /// The ARN of a durable execution of Lambda, under the name of AWS's plugins for OpenTelemetry.
    DURABLE_EXECUTION_ARN = "durable.execution.arn";
    /// The name of a durable execution, given by the caller or by Lambda.
    DURABLE_EXECUTION_NAME = "durable.execution.name";
    /// `true` for the first invocation of a durable execution, as in AWS's plugins for OpenTelemetry.
    DURABLE_INVOCATION_FIRST = "durable.invocation.first";
    /// The status of a durable execution, reported by an invocation, as in AWS's plugins for OpenTelemetry.
    DURABLE_INVOCATION_STATUS = "durable.invocation.status";
    /// The id of an operation of a durable execution, as in AWS's plugins for OpenTelemetry.
    DURABLE_OPERATION_ID = "durable.operation.id";
    /// The name of an operation of a durable execution, as in AWS's plugins for OpenTelemetry.
    DURABLE_OPERATION_NAME = "durable.operation.name";
    /// The status of an operation of a durable execution, as in AWS's plugins for OpenTelemetry.
    DURABLE_OPERATION_STATUS = "durable.operation.status";
    /// The subtype of an operation of a durable execution, as in AWS's plugins for OpenTelemetry.
    DURABLE_OPERATION_SUBTYPE = "durable.operation.subtype";
    /// The type of an operation of a durable execution, as in AWS's plugins for OpenTelemetry: `STEP`, `WAIT`,
    /// `CONTEXT`, `CHAINED_INVOKE` or `CALLBACK`.
    DURABLE_OPERATION_TYPE = "durable.operation.type";
    /// `true` while an invocation of a durable execution repeats the work of earlier invocations.
    DURABLE_REPLAY = "durable.replay";
    /// The number of events without a record, because the events repeat earlier invocations of a durable execution.
    DURABLE_REPLAYED_EVENTS = "durable.replayed_events";
    /// The number of spans without a record, because the spans repeat earlier invocations of a durable execution.
    DURABLE_REPLAYED_SPANS = "durable.replayed_spans";
    ERROR_TYPE = "error.type";
    EXCEPTION_MESSAGE = "exception.message";
    EXCEPTION_STACKTRACE = "exception.stacktrace";
    EXCEPTION_TYPE = "exception.type";
    /// The ARN of a durable execution in log lines, under the name of AWS's SDK for durable functions.
    EXECUTION_ARN = "executionArn";
    FAAS_COLDSTART = "faas.coldstart";
    FAAS_DOCUMENT_COLLECTION = "faas.document.collection";
    FAAS_DOCUMENT_NAME = "faas.document.name";
    FAAS_DOCUMENT_OPERATION = "faas.document.operation";
    FAAS_DOCUMENT_TIME = "faas.document.time";
    FAAS_INSTANCE = "faas.instance";
    FAAS_INVOCATION_ID = "faas.invocation_id";
    FAAS_INVOKED_NAME = "faas.invoked_name";
    FAAS_INVOKED_PROVIDER = "faas.invoked_provider";
    FAAS_INVOKED_REGION = "faas.invoked_region";
    FAAS_MAX_MEMORY = "faas.max_memory";
    FAAS_NAME = "faas.name";
    FAAS_TIME = "faas.time";
    FAAS_TRIGGER = "faas.trigger";
    FAAS_VERSION = "faas.version";
    /// The ARN named by an invocation, in log lines, under the name of the Powertools for AWS Lambda.
    FUNCTION_ARN = "function_arn";
    /// The memory of a function in MiB, in log lines, under the name of the Powertools for AWS Lambda.
    FUNCTION_MEMORY_SIZE = "function_memory_size";
    /// The name of a function in log lines, under the name of the Powertools for AWS Lambda.
    FUNCTION_NAME = "function_name";
    /// The request id of an invocation in log lines, under the name of the Powertools for AWS Lambda.
    FUNCTION_REQUEST_ID = "function_request_id";
    GEN_AI_AGENT_ID = "gen_ai.agent.id";
    GEN_AI_AGENT_NAME = "gen_ai.agent.name";
    GEN_AI_TOOL_NAME = "gen_ai.tool.name";
    GRAPHQL_OPERATION_NAME = "graphql.operation.name";
    GRAPHQL_OPERATION_TYPE = "graphql.operation.type";
    HTTP_REQUEST_METHOD = "http.request.method";
    HTTP_REQUEST_METHOD_ORIGINAL = "http.request.method_original";
    HTTP_REQUEST_RESEND_COUNT = "http.request.resend_count";
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
    HTTP_ROUTE = "http.route";
    MESSAGING_BATCH_MESSAGE_COUNT = "messaging.batch.message_count";
    MESSAGING_DESTINATION_NAME = "messaging.destination.name";
    MESSAGING_DESTINATION_PARTITION_ID = "messaging.destination.partition.id";
    MESSAGING_KAFKA_MESSAGE_KEY = "messaging.kafka.message.key";
    MESSAGING_KAFKA_MESSAGE_TOMBSTONE = "messaging.kafka.message.tombstone";
    MESSAGING_KAFKA_OFFSET = "messaging.kafka.offset";
    MESSAGING_MESSAGE_CONVERSATION_ID = "messaging.message.conversation_id";
    MESSAGING_MESSAGE_ID = "messaging.message.id";
    MESSAGING_OPERATION_NAME = "messaging.operation.name";
    MESSAGING_OPERATION_TYPE = "messaging.operation.type";
    MESSAGING_SYSTEM = "messaging.system";
    NETWORK_PEER_ADDRESS = "network.peer.address";
    NETWORK_PEER_PORT = "network.peer.port";
    NETWORK_PROTOCOL_VERSION = "network.protocol.version";
    OTEL_SPAN_SAMPLING_RESULT = "otel.span.sampling_result";
    RPC_METHOD = "rpc.method";
    RPC_METHOD_ORIGINAL = "rpc.method_original";
    RPC_RESPONSE_STATUS_CODE = "rpc.response.status_code";
    RPC_SERVICE = "rpc.service";
    RPC_SYSTEM = "rpc.system";
    RPC_SYSTEM_NAME = "rpc.system.name";
    SERVER_ADDRESS = "server.address";
    SERVER_PORT = "server.port";
    SERVICE_NAME = "service.name";
    TELEMETRY_DISTRO_NAME = "telemetry.distro.name";
    TELEMETRY_DISTRO_VERSION = "telemetry.distro.version";
    TELEMETRY_SDK_LANGUAGE = "telemetry.sdk.language";
    TELEMETRY_SDK_NAME = "telemetry.sdk.name";
    TELEMETRY_SDK_VERSION = "telemetry.sdk.version";
    /// The tenant of an invocation, on spans and in log lines, under the name of lambda_runtime.
    TENANT_ID = "tenant_id";
    URL_FULL = "url.full";
    URL_PATH = "url.path";
    URL_QUERY = "url.query";
    URL_SCHEME = "url.scheme";
    USER_AGENT_ORIGINAL = "user_agent.original";
    VCS_REPOSITORY_NAME = "vcs.repository.name";
    /// The trace of X-Ray in log lines, under the name of the Powertools for AWS Lambda.
    XRAY_TRACE_ID = "xray_trace_id";

    /// The estimate of the GB-seconds billed by Lambda for an invocation.
    THUNDRA_BILLED_ESTIMATED_GB_S = "thundra.billed.estimated_gb_s";
    /// The estimate of the milliseconds billed by Lambda for an invocation, as `Billed Duration` in Lambda's log.
    THUNDRA_BILLED_ESTIMATED_MS = "thundra.billed.estimated_ms";
    /// The milliseconds of CPU time used by the process since the end of the invocation before.
    THUNDRA_CPU_TIME_MS = "thundra.cpu.time_ms";
    /// The bytes read by the process from disks since the end of the invocation before.
    THUNDRA_DISK_READ_BYTES = "thundra.disk.read_bytes";
    /// The bytes written by the process to disks since the end of the invocation before.
    THUNDRA_DISK_WRITTEN_BYTES = "thundra.disk.written_bytes";
    /// The greatest resident memory of the process since the start.
    THUNDRA_MEMORY_PEAK_BYTES = "thundra.memory.peak_bytes";
    /// The part of the function's memory in use by the process at the peak.
    THUNDRA_MEMORY_USED_RATIO = "thundra.memory.used_ratio";
    /// The bytes received by the environment since the end of the invocation before.
    THUNDRA_NETWORK_RECEIVED_BYTES = "thundra.network.received_bytes";
    /// The bytes sent by the environment since the end of the invocation before.
    THUNDRA_NETWORK_SENT_BYTES = "thundra.network.sent_bytes";
    /// The number of failed records of a batch.
    THUNDRA_BATCH_FAILURES = "thundra.batch.failures";
    /// The version of the document with settings (`THUNDRA_CONFIG`) in force at the start of a scope.
    THUNDRA_CONFIG_VERSION = "thundra.config.version";
    /// The code of the error behind a dead letter.
    THUNDRA_DEAD_LETTER_ERROR = "thundra.dead_letter.error";
    /// The queue of a message before the move to the dead-letter queue, from which the message was redriven.
    THUNDRA_DEAD_LETTER_QUEUE_SOURCE = "thundra.dead_letter.queue_source";
    /// The sender of a dead letter: `lambda`, or the ARN of a rule or a schedule.
    THUNDRA_DEAD_LETTER_SENDER = "thundra.dead_letter.sender";
    /// The number of records of a batch not begun before the deadline.
    THUNDRA_BATCH_NOT_BEGUN = "thundra.batch.not_begun";
    /// The number of events, attributes and links recorded on earlier root spans after the end, and on spans exported
    /// before the end.
    THUNDRA_DROPPED_AFTER_END = "thundra.dropped_after_end";
    /// The number of measurements in no data point: a value was not finite, a counter would go down, a name was
    /// invalid, or the instruments were too many.
    THUNDRA_DROPPED_MEASUREMENTS = "thundra.dropped_measurements";
    /// The number of spans of a scope dropped by `THUNDRA_MAX_SPANS`.
    THUNDRA_DROPPED_SPANS = "thundra.dropped_spans";
    /// The number of received messages with a forgotten context, because too many other messages came in before the
    /// processing. Recorded on the next processed message.
    THUNDRA_EVICTED_MESSAGES = "thundra.receive.evicted_messages";
    /// The number of messages of a call without the full context. On a root span, the number of messages of all calls
    /// without the full context, and of earlier unrecorded scopes.
    THUNDRA_INJECTION_INCOMPLETE_MESSAGES = "thundra.injection.incomplete_messages";
    /// The size limit in bytes of later messages to the target of a call, learned from the rejection of a message as
    /// too long.
    THUNDRA_INJECTION_LIMIT = "thundra.injection.limit";
    /// The reason for a call without the full context.
    THUNDRA_INJECTION_SKIPPED = "thundra.injection.skipped";
    /// The mark of a program, `true`, on a span of an unsampled scope to keep.
    THUNDRA_KEEP = "thundra.keep";
    /// The reasons to keep an unsampled scope, a list of `error`, `slow`, `cold`, `marked` and `debug`.
    THUNDRA_KEEP_REASON = "thundra.keep.reason";
    /// The number of metric data points lost earlier. Each [reason](crate::export::LossReason) has a part of the
    /// number, as `thundra.lost_data_points.refused`.
    THUNDRA_LOST_DATA_POINTS = "thundra.lost_data_points";
    /// The number of log records lost earlier. Each [reason](crate::export::LossReason) has a part of the number, as
    /// `thundra.lost_log_records.refused`.
    THUNDRA_LOST_LOG_RECORDS = "thundra.lost_log_records";
    /// `true` for a call with a write to the bucket or the table behind the trigger of the work.
    THUNDRA_LOOP_SUSPECTED = "thundra.loop.suspected";
    /// The number of spans lost earlier. Each [reason](crate::export::LossReason) has a part of the number, as
    /// `thundra.lost_spans.refused`.
    THUNDRA_LOST_SPANS = "thundra.lost_spans";
    /// The number of measurements without attributes, over the limit of sets of attributes.
    THUNDRA_OVERFLOWING_MEASUREMENTS = "thundra.overflowing_measurements";
    /// The source of a root span's parent, or the reason for the absence of a parent.
    THUNDRA_PARENT_SOURCE = "thundra.parent.source";
    /// The number of received correlation ids, baggage members and trace states, malformed or over a limit.
    THUNDRA_PROPAGATION_DROPPED = "thundra.propagation.dropped";
    /// The milliseconds between the end of an invocation and its deadline, negative after the deadline.
    THUNDRA_DEADLINE_REMAINING_MS = "thundra.deadline.remaining_ms";
    /// The used part of the time of an invocation: 0 at the begin, 1 at the deadline, and more after the deadline.
    THUNDRA_DEADLINE_USED_RATIO = "thundra.deadline.used_ratio";
    /// The milliseconds from the timestamp of the broker to the begin of the work on a message. The longest wait of a
    /// message counts for a batch.
    THUNDRA_QUEUE_TIME_MS = "thundra.queue.time_ms";
    /// The signal of a request to a collector.
    THUNDRA_SIGNAL = "thundra.signal";
    /// The number of span pointers over the limit of a span.
    THUNDRA_SPAN_POINTERS_DROPPED = "thundra.span_pointers.dropped";
    /// The pointers to the changed objects and items that triggered the work.
    THUNDRA_SPAN_POINTERS_READ = "thundra.span_pointers.read";
    /// The pointers to the objects and items written by a call.
    THUNDRA_SPAN_POINTERS_WRITTEN = "thundra.span_pointers.written";
    /// The number of throttled attempts of a call.
    THUNDRA_THROTTLED_ATTEMPTS = "thundra.throttled_attempts";
    /// `true` for records delivered by a pipe of EventBridge in place of the source.
    THUNDRA_TRIGGER_PIPE = "thundra.trigger.pipe";
    /// The milliseconds from the start of an open span to the export.
    THUNDRA_UNFINISHED_ELAPSED_MS = "thundra.unfinished.elapsed_ms";
    /// The number of pings for a warm function, answered without the handler since the last invocation.
    THUNDRA_WARMUP_PINGS = "thundra.warmup.pings";
    /// The trace of an X-Ray header other than the parent, in X-Ray's spelling.
    THUNDRA_XRAY_ROOT = "thundra.xray.root";
}
