//! SNS: topics and messages.
//!
//! Messages get attributes of the type String, readable for filter policies. SNS drops the attributes of a message with
//! `MessageStructure=json`. A topic takes 256 KiB a request by default, and no request shows another limit. A request
//! below 256 KiB stays below; a larger request may grow to 1 MiB.

use memchr::memmem;
use thundra_core::semconv;

use super::service::{Attributes, Operation, Request, Service, TakeAttributes, add, add_messaging, last_part};
use crate::sdk::error::element;
use crate::sdk::response::{self, Response};

pub(super) static SERVICE: Service = Service {
    id: "SNS",
    signing_name: "sns",
    names: &["TopicArn", "TargetArn"],
    attributes,
    request: |_| Attributes::new(),
    batch_size,
    response: |operation, response| response_body(operation, response::body(response)),
    writes: None,
    messages: if_feature!("sns", messages::MESSAGES),
};

fn attributes(operation: &Operation<'_>, attributes: &mut dyn TakeAttributes) {
    let target = || operation.member("TargetArn").filter(|arn| is_topic(arn));
    let topic = operation.member("TopicArn").or_else(target);
    add(attributes, semconv::AWS_SNS_TOPIC_ARN, topic);
    if let "Publish" | "PublishBatch" = operation.name {
        add_messaging(attributes, "aws.sns", "send", topic.map(|arn| last_part(arn, ':')));
    }
}

/// Returns `true` for the ARN of a topic. SNS also sends to single devices with an ARN.
fn is_topic(arn: &str) -> bool {
    arn.split(':').count() == 6 && !arn.contains(":endpoint/")
}

/// Counts a name with one occurrence a message. Equals signs within a value are escaped in a form, and no message can
/// look like the name.
fn batch_size(request: &Request<'_>) -> Option<usize> {
    (request.operation == "PublishBatch").then(|| memmem::find_iter(request.body, ".Id=").count())
}

fn response_body(operation: &str, body: &[u8]) -> Option<Response> {
    let xml = || std::str::from_utf8(body).ok();
    match operation {
        "Publish" => Some(Response::of_message(Some(element(xml()?, "MessageId")?.into_owned()))),
        "PublishBatch" => {
            let xml = xml()?;
            let members = |list: &str| {
                let (_, rest) = xml.split_once(&format!("<{list}>"))?;
                rest.split_once(&format!("</{list}>")).map(|(members, _)| members.split("<member>").skip(1))
            };
            let failed = members("Failed");
            let total = [&failed, &members("Successful")].into_iter().flatten().map(|list| list.clone().count()).sum();
            let codes = failed.into_iter().flatten().map(|member| element(member, "Code").unwrap_or_default().into());
            Some(Response::of_batch(total, codes))
        }
        _ => None,
    }
}

#[cfg(feature = "sns")]
pub(crate) mod messages {
    //! The messages of `Publish` and `PublishBatch`.

    use aws_sdk_sns::operation::publish::{PublishInput, PublishOutput};
    use aws_sdk_sns::operation::publish_batch::{PublishBatchInput, PublishBatchOutput};
    use aws_sdk_sns::types::MessageAttributeValue;
    use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
    use thundra_core::propagation::Outbound;

    use super::is_topic;
    use crate::sdk::message::attributes::{self, Attribute, Message, STRING};
    use crate::sdk::message::limits::Limits;
    use crate::sdk::message::refusal::Refusal;
    use crate::sdk::message::spans::Place;
    use crate::sdk::message::{Injected, Skipped};
    use crate::sdk::response::Response;
    use crate::sdk::services::service::Messages;

    pub(super) const MESSAGES: Messages = Messages {
        module: "sns",
        target: |operation| operation.member("TopicArn").or_else(|| operation.member("TargetArn")),
        named,
        inject,
        each_in_batch,
        response,
        refused,
        request_attributes: |_, _| {},
        received: |_, _| None,
    };

    fn named(input: &Input) -> Option<&str> {
        let batch = || input.downcast_ref::<PublishBatchInput>()?.topic_arn.as_deref();
        match input.downcast_ref::<PublishInput>() {
            Some(publish) => publish.topic_arn.as_deref(),
            None => batch(),
        }
    }

    fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
        if let Some(publish) = input.downcast_mut::<PublishInput>() {
            let topic = publish.topic_arn.is_some() || publish.target_arn.as_deref().is_some_and(is_topic);
            let skip = if topic { skip(publish.message_structure.as_deref()) } else { Some(Skipped::Recipient) };
            let message = Message::new(&mut publish.message_attributes, length(&publish.message), outbound, skip);
            let messages = &mut [message.beside(length(&publish.subject))];
            return Some(attributes::inject(messages, outbound.pairs(), limits));
        }
        let entries = input.downcast_mut::<PublishBatchInput>()?.publish_batch_request_entries.as_deref_mut();
        let mut messages: Vec<_> = entries
            .unwrap_or_default()
            .iter_mut()
            .map(|entry| {
                let skip = skip(entry.message_structure.as_deref());
                let message = Message::new(&mut entry.message_attributes, entry.message.len(), outbound, skip);
                message.beside(length(&entry.subject)).entry(&entry.id)
            })
            .collect();
        let injected = attributes::inject(&mut messages, outbound.pairs(), limits);
        Some(injected.in_batch(messages.len()))
    }

    fn each_in_batch(input: &mut Input, each: &mut dyn FnMut(Vec<Place<'_>>)) {
        let Some(batch) = input.downcast_mut::<PublishBatchInput>() else { return };
        for entry in batch.publish_batch_request_entries.as_deref_mut().unwrap_or_default() {
            let attributes = entry.message_attributes.iter_mut().flat_map(|all| all.values_mut());
            each(attributes.filter_map(|value| value.string_value.as_mut()).map(Place::Text).collect());
        }
    }

    fn response(output: &Output) -> Option<Response> {
        if let Some(output) = output.downcast_ref::<PublishOutput>() {
            return Some(Response::of_message(output.message_id.clone()));
        }
        let output = output.downcast_ref::<PublishBatchOutput>()?;
        let total = output.failed().len() + output.successful().len();
        Some(Response::of_batch(total, output.failed().iter().map(|failed| failed.code.clone())))
    }

    fn refused(output: &Output) -> Vec<Refusal<'_>> {
        let failed = output.downcast_ref::<PublishBatchOutput>().map(|output| output.failed());
        let failed = failed.unwrap_or_default().iter();
        failed.map(|entry| Refusal::of_entry(&entry.id, &entry.code, entry.message.as_deref())).collect()
    }

    fn skip(structure: Option<&str>) -> Option<Skipped> {
        (structure == Some("json")).then_some(Skipped::Structure)
    }

    fn length(text: &Option<String>) -> usize {
        text.as_ref().map_or(0, String::len)
    }

    impl Attribute for MessageAttributeValue {
        /// Returns `None` for quotes and backslashes, because a filter policy drops messages with these characters.
        fn string(value: String) -> Option<Self> {
            if value.contains(['"', '\\']) {
                return None;
            }
            Self::builder().data_type(STRING).string_value(value).build().ok()
        }

        fn text(&self) -> Option<&str> {
            self.string_value()
        }

        fn size(&self) -> usize {
            let binary = self.binary_value.as_ref().map_or(0, |blob| blob.as_ref().len());
            self.data_type.len() + length(&self.string_value) + binary
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn values_count_with_their_type() {
            let blob = aws_smithy_types::Blob::new(*b"1234");
            let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(blob).build().unwrap();
            let text = <MessageAttributeValue as Attribute>::string("abc".to_owned()).unwrap();
            assert_eq!((binary.size(), text.size()), (10, 9));
            assert!(<MessageAttributeValue as Attribute>::string("a\"b".to_owned()).is_none());
        }
    }
}
