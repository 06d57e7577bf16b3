//! The attribute names these crates write: [OpenTelemetry semantic conventions v1.44], and our own.
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
    AWS_EVENTBRIDGE_DETAIL_TYPE = "aws.eventbridge.detail_type";
    AWS_EVENTBRIDGE_SOURCE = "aws.eventbridge.source";
    AWS_KINESIS_STREAM_NAME = "aws.kinesis.stream_name";
    AWS_LAMBDA_INVOKED_ARN = "aws.lambda.invoked_arn";
    AWS_LOG_GROUP_NAMES = "aws.log.group.names";
    AWS_LOG_STREAM_NAMES = "aws.log.stream.names";
    AWS_REQUEST_ID = "aws.request_id";
    AWS_EXTENDED_REQUEST_ID = "aws.extended_request_id";
    AWS_LAMBDA_RESOURCE_MAPPING_ID = "aws.lambda.resource_mapping.id";
    AWS_S3_BUCKET = "aws.s3.bucket";
    AWS_S3_COPY_SOURCE = "aws.s3.copy_source";
    AWS_S3_KEY = "aws.s3.key";
    AWS_S3_PART_NUMBER = "aws.s3.part_number";
    AWS_S3_UPLOAD_ID = "aws.s3.upload_id";
    AWS_SECRETSMANAGER_SECRET_ARN = "aws.secretsmanager.secret.arn";
    AWS_SNS_TOPIC_ARN = "aws.sns.topic.arn";
    AWS_SQS_QUEUE_URL = "aws.sqs.queue.url";
    AWS_STEP_FUNCTIONS_ACTIVITY_ARN = "aws.step_functions.activity.arn";
    AWS_STEP_FUNCTIONS_STATE_MACHINE_ARN = "aws.step_functions.state_machine.arn";
    CLIENT_ADDRESS = "client.address";
    CLOUD_ACCOUNT_ID = "cloud.account.id";
    CLOUD_PLATFORM = "cloud.platform";
    CLOUD_PROVIDER = "cloud.provider";
    CLOUD_REGION = "cloud.region";
    CLOUD_RESOURCE_ID = "cloud.resource_id";
    DB_OPERATION_NAME = "db.operation.name";
    DB_SYSTEM_NAME = "db.system.name";
    AWS_DYNAMODB_ATTRIBUTES_TO_GET = "aws.dynamodb.attributes_to_get";
    AWS_DYNAMODB_CONSISTENT_READ = "aws.dynamodb.consistent_read";
    AWS_DYNAMODB_CONSUMED_CAPACITY = "aws.dynamodb.consumed_capacity";
    AWS_DYNAMODB_COUNT = "aws.dynamodb.count";
    AWS_DYNAMODB_EXCLUSIVE_START_TABLE = "aws.dynamodb.exclusive_start_table";
    AWS_DYNAMODB_INDEX_NAME = "aws.dynamodb.index_name";
    AWS_DYNAMODB_LIMIT = "aws.dynamodb.limit";
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
    ERROR_TYPE = "error.type";
    EXCEPTION_MESSAGE = "exception.message";
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
    /// Of log lines: the request id of an invocation, as the Powertools for AWS Lambda name it.
    FUNCTION_REQUEST_ID = "function_request_id";
    HTTP_REQUEST_METHOD = "http.request.method";
    HTTP_REQUEST_METHOD_ORIGINAL = "http.request.method_original";
    HTTP_REQUEST_RESEND_COUNT = "http.request.resend_count";
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
    HTTP_ROUTE = "http.route";
    MESSAGING_BATCH_MESSAGE_COUNT = "messaging.batch.message_count";
    MESSAGING_DESTINATION_NAME = "messaging.destination.name";
    MESSAGING_DESTINATION_PARTITION_ID = "messaging.destination.partition.id";
    MESSAGING_MESSAGE_ID = "messaging.message.id";
    MESSAGING_OPERATION_NAME = "messaging.operation.name";
    MESSAGING_OPERATION_TYPE = "messaging.operation.type";
    MESSAGING_SYSTEM = "messaging.system";
    NETWORK_PEER_ADDRESS = "network.peer.address";
    NETWORK_PEER_PORT = "network.peer.port";
    NETWORK_PROTOCOL_VERSION = "network.protocol.version";
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
    URL_FULL = "url.full";
    URL_PATH = "url.path";
    URL_QUERY = "url.query";
    URL_SCHEME = "url.scheme";
    USER_AGENT_ORIGINAL = "user_agent.original";

    /// Ours: how many records of its batch failed.
    THUNDRA_BATCH_FAILURES = "thundra.batch.failures";
    /// Ours: how many events, attributes and links were recorded on earlier root spans after those had ended.
    THUNDRA_DROPPED_AFTER_END = "thundra.dropped_after_end";
    /// Ours: how many spans of a scope were dropped by `THUNDRA_MAX_SPANS`.
    THUNDRA_DROPPED_SPANS = "thundra.dropped_spans";
    /// Ours: how many messages were received whose context was forgotten, because too many others came before they
    /// were worked on. The next message that is worked on says it.
    THUNDRA_EVICTED_MESSAGES = "thundra.receive.evicted_messages";
    /// Ours: how many messages of a call carry no context of ours, or not all of it. On a root span: how many of all
    /// its calls could not, and of scopes before it that were not recorded.
    THUNDRA_INJECTION_INCOMPLETE_MESSAGES = "thundra.injection.incomplete_messages";
    /// Ours: the size in bytes that later messages to the target of a call keep within, because a message of this call was
    /// refused as too long with our context in it.
    THUNDRA_INJECTION_LIMIT = "thundra.injection.limit";
    /// Ours: why a call carries no context of ours, or not all of it.
    THUNDRA_INJECTION_SKIPPED = "thundra.injection.skipped";
    /// Ours: the number of data points of metrics that earlier flushes lost because the collector could not be reached.
    THUNDRA_LOST_DATA_POINTS = "thundra.lost_data_points";
    /// Ours: the number of log records that earlier flushes lost because the collector could not be reached.
    THUNDRA_LOST_LOG_RECORDS = "thundra.lost_log_records";
    /// Ours: how many spans earlier flushes lost because the collector could not be reached.
    THUNDRA_LOST_SPANS = "thundra.lost_spans";
    /// Ours: where the parent of a root span came from, or why it has none.
    THUNDRA_PARENT_SOURCE = "thundra.parent.source";
    /// Ours: the number of correlation ids, baggage members and trace states that a caller sent and that were malformed or
    /// more than is taken.
    THUNDRA_PROPAGATION_DROPPED = "thundra.propagation.dropped";
    /// Ours: how many attempts of a call the service refused because there were too many.
    THUNDRA_THROTTLED_ATTEMPTS = "thundra.throttled_attempts";
    /// Ours: the trace of the X-Ray header, in X-Ray's spelling, where that header was not the parent.
    THUNDRA_XRAY_ROOT = "thundra.xray.root";
}
