//! The function that wrote a log.

use aws_lambda_events::event::cloudwatch_logs::LogData;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use thundra_lines::attribute;

/// Returns the function that wrote a log, as a resource. Lines may name the service.
pub(crate) fn resource(log: &LogData, service: Option<&str>) -> Resource {
    let text = |text: &str| Value::StringValue(text.to_owned());
    let list = |name: &str| Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(text(name)) }] });
    let function = log.log_group.strip_prefix("/aws/lambda/").unwrap_or(&log.log_group);
    let attributes = vec![
        attribute("service.name", text(service.unwrap_or(function))),
        attribute("faas.name", text(function)),
        attribute("cloud.provider", text("aws")),
        attribute("cloud.platform", text("aws_lambda")),
        attribute("cloud.account.id", text(&log.owner)),
        attribute("aws.log.group.names", list(&log.log_group)),
        attribute("aws.log.stream.names", list(&log.log_stream)),
    ];
    Resource { attributes, ..Resource::default() }
}
