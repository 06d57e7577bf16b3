//! The same call twice: with a plain client, and with a traced client in a scope.

use std::sync::Once;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sns::config::{Credentials, SharedCredentialsProvider};
use thundra_core::propagation::{Inbound, Trust, format_traceparent};
use thundra_core::testing::tree;
use thundra_core::{Config, Env, Scope, SpanData};
use tokio::runtime::Runtime;

use crate::endpoint::{Endpoint, Request};

/// Headers unrelated to the call, or derived from the body.
const CHANGING: [&str; 4] = ["amz-sdk-invocation-id", "authorization", "content-length", "x-amz-date"];
/// The correlation id of every call.
pub(crate) const ID: &str = "c-1";

/// A client of each service with our context.
pub(crate) struct Clients {
    pub(crate) eventbridge: aws_sdk_eventbridge::Client,
    pub(crate) kinesis: aws_sdk_kinesis::Client,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) sfn: aws_sdk_sfn::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    /// The SDK puts a name before the host of Step Functions. The tests remove the name.
    pub(crate) url: String,
}

/// A plain client and a traced client at the same endpoint.
pub(crate) struct Wire {
    runtime: Runtime,
    endpoint: Endpoint,
    plain: Clients,
    traced: Clients,
}

/// The two requests of a call.
pub(crate) struct Exchange {
    pub(crate) plain: Request,
    pub(crate) traced: Request,
    /// The span of the traced call.
    pub(crate) span: SpanData,
}

/// The scope of a call.
#[derive(Clone, Copy, Default)]
pub(crate) struct Surroundings<'a> {
    /// Received pairs.
    pub(crate) pairs: &'a [(&'a str, &'a str)],
    /// Received `__context__`.
    pub(crate) received: Option<&'a str>,
    /// A correlation id beside [`ID`].
    pub(crate) set: Option<(&'a str, &'a str)>,
}

impl Wire {
    pub(crate) fn new() -> Self {
        configure();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let endpoint = runtime.block_on(Endpoint::start());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&endpoint.url)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
            .retry_config(RetryConfig::disabled())
            .build();
        let plain = Clients {
            eventbridge: aws_sdk_eventbridge::Client::new(&config),
            kinesis: aws_sdk_kinesis::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            sfn: aws_sdk_sfn::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            url: endpoint.url.clone(),
        };
        let traced = Clients {
            eventbridge: thundra_aws::eventbridge::client(&config),
            kinesis: thundra_aws::kinesis::client(&config),
            lambda: thundra_aws::lambda::client(&config),
            sfn: thundra_aws::sfn::client(&config),
            sns: thundra_aws::sns::client(&config),
            sqs: thundra_aws::sqs::client(&config),
            url: endpoint.url.clone(),
        };
        Wire { runtime, endpoint, plain, traced }
    }

    pub(crate) fn exchange(&self, call: impl AsyncFn(&Clients)) -> Exchange {
        self.exchange_in(Surroundings::default(), call)
    }

    pub(crate) fn exchange_in(&self, surroundings: Surroundings<'_>, call: impl AsyncFn(&Clients)) -> Exchange {
        let config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
        tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
            self.runtime.block_on(call(&self.plain));
            let plain = self.endpoint.take();
            let inbound = Inbound::extract(surroundings.pairs.iter().copied(), config.propagators, Trust::Full);
            let mut scope = Scope::builder("invocation").default_correlation_id(ID).parent(inbound);
            if let Some(received) = surroundings.received {
                scope = scope.received_context(received);
            }
            let scope = scope.begin_with(&config);
            let calling = scope.run(async {
                if let Some((key, value)) = surroundings.set {
                    thundra_core::correlation::set(key, value);
                }
                call(&self.traced).await;
            });
            self.runtime.block_on(calling);
            let spans: Vec<_> = scope.finish().spans().collect();
            let [span, _root] = spans.as_slice() else { panic!("one call: {}", tree(&spans)) };
            Exchange { plain, traced: self.endpoint.take(), span: span.clone() }
        })
    }
}

/// Installs the default of `THUNDRA_INJECT_PAYLOAD`, without the targets called `lake-…`.
fn configure() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut patterns: Vec<_> = ["kinesis", "eventbridge", "lambda", "stepfunctions"].map(str::to_owned).into();
        assert_eq!(thundra_aws::PayloadPatterns::default(), patterns.join(",").parse().unwrap());
        patterns.extend(["kinesis", "eventbridge", "lambda", "stepfunctions"].map(|name| format!("!{name}:lake-*")));
        let config = Config::from_env(&Env::from_pairs([("THUNDRA_INJECT_PAYLOAD", patterns.join(","))]));
        assert!(thundra_core::install(config));
    });
}

impl Exchange {
    /// Asserts that the requests differ only in the bodies and in the named headers.
    pub(crate) fn assert_same_head(&self, ours: &[&str], why: &str) {
        let head = |request: &Request| {
            let mut headers = request.headers.clone();
            headers.retain(|name, _| !CHANGING.contains(&name.as_str()) && !ours.contains(&name.as_str()));
            (request.line.clone(), headers)
        };
        assert_eq!(head(&self.traced), head(&self.plain), "{why}");
    }

    /// Asserts that the requests are equal, without injected context.
    pub(crate) fn assert_untouched(&self, why: &str) {
        self.assert_same_head(&[], why);
        assert!(self.traced.body == self.plain.body, "{why}");
    }

    pub(crate) fn attribute(&self, key: &str) -> String {
        self.span.attribute(key).map(ToString::to_string).unwrap_or_default()
    }

    /// Returns the recorded reason for missing values, and the number of incomplete messages.
    pub(crate) fn assert_skipped(&self, reason: &str, messages: usize, why: &str) {
        let said =
            ["thundra.injection.skipped", "thundra.injection.incomplete_messages"].map(|key| self.attribute(key));
        let count = if messages == 0 { String::new() } else { messages.to_string() };
        assert_eq!(said, [reason.to_owned(), count], "{why}");
    }

    pub(crate) fn traceparent(&self) -> String {
        format_traceparent(&self.span.context)
    }

    /// Returns the X-Ray header with the span of the call.
    pub(crate) fn xray(&self) -> String {
        let trace = self.span.context.trace_id.to_string();
        format!("Root=1-{}-{};Parent={};Sampled=1", &trace[..8], &trace[8..], self.span.context.span_id)
    }

    /// Returns the pairs of the call, the most important first.
    pub(crate) fn pairs(&self) -> [(&'static str, String); 5] {
        [
            ("x-correlation-id", ID.to_owned()),
            ("call-chain-length", "1".to_owned()),
            ("debug-log-enabled", "false".to_owned()),
            ("traceparent", self.traceparent()),
            ("x-correlation-traceparent", self.traceparent()),
        ]
    }
}
