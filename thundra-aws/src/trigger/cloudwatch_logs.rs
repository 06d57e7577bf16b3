//! [Subscriptions] to log groups of CloudWatch. The compressed log lines carry no context.
//!
//! [Subscriptions]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html

use super::source::{FaasTrigger, Recognise, Source};

pub(super) static SOURCE: Source = Source {
    name: "cloudwatch_logs",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| event.members.object("awslogs").is_some_and(|logs| logs.has("data"))),
    read: |_, _, _| Some(()),
};
