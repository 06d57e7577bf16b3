//! The data of an invocation in a test: the event, and the context that Lambda would send.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lambda_runtime::Context;
use serde_json::Value;
use thundra_core::{Config, Env};

use super::event::IntoEvent;
use super::handler::Handler;
use super::invocation::Invocation;
use super::perform::{Call, run};
use crate::Settings;

/// The longest timeout of a function.
const LONGEST: Duration = Duration::from_secs(900);

/// The farthest deadline. A time beyond has no date.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The default configuration, independent of the environment.
static DEFAULT: LazyLock<Config> = LazyLock::new(|| {
    let mut config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
    config.load_section::<Settings>();
    config
});

/// The settings of an invocation in a test: see [`Invocation::builder`].
#[derive(Clone, Debug)]
#[must_use = "`invoke` runs the handler"]
pub struct InvocationBuilder {
    event: Bytes,
    context: Context,
    time_left: Option<Duration>,
    is_cold_start: bool,
    config: Option<&'static Config>,
}

impl Invocation {
    /// Returns a builder for an invocation with this event.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use serde_json::json;
    /// use thundra_aws::testing::Invocation;
    /// use thundra_aws::{Error, LambdaEvent};
    ///
    /// async fn id(event: LambdaEvent<()>) -> Result<String, Error> {
    ///     Ok(event.context.request_id)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let builder = Invocation::builder(json!(null)).request_id("r-1").time_left(Duration::from_secs(3));
    /// assert_eq!(builder.invoke(id).await.response::<String>().unwrap(), "r-1");
    /// # }
    /// ```
    pub fn builder(event: impl IntoEvent) -> InvocationBuilder {
        InvocationBuilder::new(event.into_event())
    }
}

impl InvocationBuilder {
    fn new(event: Bytes) -> Self {
        let mut context = Context::default();
        context.request_id = uuid::Uuid::new_v4().to_string();
        let builder = Self { event, context, time_left: Some(LONGEST), is_cold_start: false, config: None };
        builder.function_name("function")
    }

    /// Sets the request id. Defaults to a random UUID.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.context.request_id = id.into();
        self
    }

    /// Sets the name of the function, and the ARN with the name. Defaults to `function`, with the version `$LATEST` and
    /// 128 MB.
    pub fn function_name(mut self, name: impl Into<String>) -> Self {
        let (function_name, version) = (name.into(), "$LATEST".to_owned());
        let function = lambda_runtime::Config { function_name, version, memory: 128, ..Default::default() };
        self.context.invoked_function_arn =
            format!("arn:aws:lambda:us-east-1:123456789012:function:{}", function.function_name);
        self.context.env_config = Arc::new(function);
        self
    }

    /// Sets the ARN named by the caller, perhaps with an alias or a version.
    pub fn function_arn(mut self, arn: impl Into<String>) -> Self {
        self.context.invoked_function_arn = arn.into();
        self
    }

    /// Sets the time from the begin of the invocation to the deadline. Defaults to 15 minutes, the longest timeout of a
    /// function. A time over a year counts as a year. Nothing ends the invocation at the deadline.
    pub fn time_left(mut self, time: Duration) -> Self {
        self.time_left = Some(time.min(FAR));
        self
    }

    /// Sets the X-Ray header, such as `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
    pub fn xray_trace_id(mut self, header: impl Into<String>) -> Self {
        self.context.xray_trace_id = Some(header.into());
        self
    }

    /// Sets the client context of an invoke, such as `json!({ "custom": { "x-correlation-id": "c-1" } })`. A value of
    /// another form is no client context.
    pub fn client_context(mut self, context: Value) -> Self {
        // `lambda_runtime` does not export the type.
        self.context.client_context = serde_json::from_value(context).ok();
        self
    }

    /// Sets the tenant.
    pub fn tenant_id(mut self, tenant: impl Into<String>) -> Self {
        self.context.tenant_id = Some(tenant.into());
        self
    }

    /// Sets the whole context, including the deadline. Methods called later change the context.
    pub fn context(mut self, context: Context) -> Self {
        (self.context, self.time_left) = (context, None);
        self
    }

    /// Makes the invocation a cold start. By default, each invocation is warm, because a cold first invocation would
    /// depend on the order of the tests.
    pub fn cold_start(mut self) -> Self {
        self.is_cold_start = true;
        self
    }

    /// Sets the configuration. Defaults to the configuration of an empty environment. The configuration stays in memory
    /// for the rest of the test program.
    ///
    /// # Examples
    ///
    /// ```
    /// use serde_json::json;
    /// use thundra_aws::testing::Invocation;
    /// use thundra_aws::{Config, Env, Error, LambdaEvent};
    ///
    /// async fn look(_: LambdaEvent<()>) -> Result<(), Error> {
    ///     tracing::debug!("a detail");
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "debug")]));
    /// assert!(Invocation::builder(json!(null)).config(config).invoke(look).await.has_logged("a detail"));
    /// # }
    /// ```
    pub fn config(mut self, mut config: Config) -> Self {
        if config.section::<Settings>().is_none() {
            config.load_section::<Settings>();
        }
        self.config = Some(Box::leak(Box::new(config)));
        self
    }

    /// Runs a handler, and returns the invocation.
    pub async fn invoke<H, Form>(self, handler: H) -> Invocation
    where
        H: Handler<Form>,
    {
        let InvocationBuilder { event, mut context, time_left, is_cold_start, config } = self;
        if let Some(deadline) = time_left.and_then(|left| SystemTime::now().checked_add(left)) {
            let since = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
            context.deadline = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        }
        let call = Call { event, context, is_cold_start };
        run(call, config.unwrap_or(&DEFAULT), handler).await
    }
}
