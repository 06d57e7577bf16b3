//! EventBridge: rules and schedules with targets.

use std::time::{Duration, SystemTime};

use aws_sdk_eventbridge::types::{PutEventsRequestEntry, Target};
use reqwest::Method;
use serde_json::json;
use thundra_examples::report::Span;

use super::Stage;
use crate::account::ROLE;
use crate::sent::Sent;

/// The time to the first event of a rule that fires each minute. MiniStack checks every ten seconds.
const MINUTE: Duration = Duration::from_secs(75);

/// The time to the event of a schedule for one moment. MiniStack checks every ten seconds.
const MOMENT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_rule_is_below_its_sender() {
    let stage = Stage::open("rule").await;
    let events = stage.rule("ordered", |rule| rule.event_pattern(r#"{"source": ["shop.deliveries"]}"#)).await;
    assert_eq!(events, "arn:aws:events:us-east-1:000000000000:rule/ordered");
    let put = async {
        let entry = PutEventsRequestEntry::builder().source("shop.deliveries").detail_type("ordered");
        let entry = entry.detail(json!({ "order": "order-1" }).to_string()).build();
        let put = thundra_aws::eventbridge::client(&stage.config).put_events().entries(entry);
        assert_eq!(put.send().await.unwrap().failed_entry_count, 0);
    };
    let sent = Sent::by("order-1", "EventBridge.PutEvents", put).await;

    let [work] = &stage.works(&sent, 1).await[..] else { panic!("one expected") };
    assert_eq!(work.way, "rule › work");
    assert_eq!(work.span.attribute("order"), Some("order-1"));
    assert_eq!(work.invocation.attribute("faas.trigger"), Some("pubsub"));
    sent.assert_same(&work.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_and_a_schedule_start_traces_of_their_own() {
    let each_minute = Stage::open("each-minute").await;
    each_minute.rule("each-minute", |rule| rule.schedule_expression("rate(1 minute)")).await;
    let once = Stage::open("once").await;
    let now = chrono::DateTime::<chrono::Utc>::from(SystemTime::now()).format("%Y-%m-%dT%H:%M:%S");
    let schedule = json!({
        "ScheduleExpression": format!("at({now})"),
        "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": { "Arn": once.arn, "RoleArn": ROLE },
    });
    once.cloud.rest("scheduler", Method::POST, "/schedules/once", schedule.to_string()).await.unwrap();

    for (stage, patience) in [(&once, MOMENT), (&each_minute, MINUTE)] {
        let invocation = stage.invocation(patience).await;
        assert_eq!(
            (&invocation.parent, invocation.attribute("faas.trigger")),
            (&None, Some("timer")),
            "{invocation:?}"
        );
    }
}

impl Stage {
    /// Creates a rule that starts the function, and returns the ARN.
    async fn rule(&self, name: &str, put: impl FnOnce(PutRule) -> PutRule) -> String {
        let events = aws_sdk_eventbridge::Client::new(&self.config);
        let rule = put(events.put_rule().name(name)).send().await.unwrap().rule_arn.unwrap();
        let target = Target::builder().id("function").arn(&self.arn).build().unwrap();
        events.put_targets().rule(name).targets(target).send().await.unwrap();
        rule
    }

    /// Waits for the first invocation.
    async fn invocation(&self, patience: Duration) -> Span {
        let first = |spans: &[Span]| spans.iter().find(|span| span.name == self.name).cloned();
        assert!(self.receiver.wait_until(patience, |spans| first(spans).is_some()).await, "{}", self.name);
        first(&self.receiver.spans()).unwrap()
    }
}

type PutRule = aws_sdk_eventbridge::operation::put_rule::builders::PutRuleFluentBuilder;
