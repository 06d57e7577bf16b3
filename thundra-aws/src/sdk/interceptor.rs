//! The hooks of the SDK, and what happens in each.
//!
//! They run in the caller's task, so the current span is the parent; none of them fails, since an error of a
//! hook would become the caller's. A retry repeats the bytes of the first attempt.

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, BeforeSerializationInterceptorContextRef,
    BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{DisableInterceptor, Intercept};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use thundra_core::ScopeRef;

use super::call::Call;
use super::{receive, request};

/// An interceptor that traces calls, for the config builder of any AWS SDK crate.
///
/// Each call made in a scope becomes a span with the resource it names, its outcome and its retries, and
/// carries the trace on: in the X-Ray header, and in the messages of the services whose feature is on. A
/// second one on the same client stands down.
///
/// # Examples
///
/// ```
/// let config = aws_types::SdkConfig::builder().build();
/// # #[cfg(feature = "sqs")]
/// let sqs = aws_sdk_sqs::config::Builder::from(&config).interceptor(thundra_aws::interceptor());
/// ```
pub fn interceptor() -> impl Intercept + Clone + 'static {
    Interceptor
}

#[derive(Clone, Copy, Debug)]
struct Interceptor;

impl Intercept for Interceptor {
    fn name(&self) -> &'static str {
        "Thundra"
    }

    /// Asks the operation for the names in its input. Later is too late: it answers before serialization.
    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        #[cfg(feature = "unwrapped-clients")]
        super::unwrapped::is_wrapped();
        if ScopeRef::current().is_some() {
            request::ask_for_names(config);
        }
        Ok(())
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let another_is_installed = config.load::<Call>().is_some();
        if another_is_installed || is_presigning(config) || thundra_core::is_telemetry_suppressed() {
            return Ok(());
        }
        receive::ask(context.input_mut(), config);
        if let Some(call) = Call::start(context.input_mut(), config) {
            config.interceptor_state().store_put(call);
        }
        Ok(())
    }

    /// Where Lambda sets the X-Ray header in the environment, the SDK has written that one already.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.get_mut_from_interceptor_state::<Call>() {
            call.attempt(context.request_mut());
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempt = config.load::<RequestAttempts>().map_or(0, RequestAttempts::attempts);
        if let Some(call) = config.get_mut_from_interceptor_state::<Call>() {
            call.attempted(attempt, context.response());
        }
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Ok(output)) = context.output_or_error_mut()
            && let Some(received) = receive::answer(output, config)
            && let Some(call) = config.get_mut_from_interceptor_state::<Call>()
        {
            call.received(&received);
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempts = config.load::<RequestAttempts>().map_or(0, RequestAttempts::attempts);
        if let Some(call) = config.load::<Call>() {
            call.learn(context, config);
        }
        if let Some(call) = config.get_mut_from_interceptor_state::<Call>() {
            call.end(context, attempts);
        }
        // The span ends here, and not when the SDK lets go of its bag.
        config.interceptor_state().unset::<Call>();
        Ok(())
    }
}

/// Presigning runs the hooks as well; that it switches the invocation id off is what tells it apart.
fn is_presigning(config: &ConfigBag) -> bool {
    config.load::<DisableInterceptor<InvocationIdInterceptor>>().is_some()
}
