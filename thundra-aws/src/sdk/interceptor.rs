//! The interceptor, hook by hook.
//!
//! The hooks run in the task of the caller, and the current span is the parent of the call. No hook fails: the SDK
//! would return the error to the caller. A retry sends the bytes of the first attempt.

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
#[cfg(feature = "config")]
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, BeforeSerializationInterceptorContextRef,
    BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{DisableInterceptor, Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use thundra_core::ScopeRef;

use super::call::{Call, Ongoing};
use super::duration::Measured;
use super::services;

/// Returns an interceptor that traces calls, for the config builder of any AWS SDK crate.
///
/// Each call in a scope becomes a span with the resource, the result and the retries. The trace travels in the X-Ray
/// header, and in the messages of the services with an enabled feature. Outside a scope, calls are not recorded, and
/// requests do not change. A second interceptor on the same client does nothing.
///
/// # Examples
///
/// ```
/// let config = aws_types::SdkConfig::builder().build();
/// # #[cfg(feature = "sqs")]
/// let sqs = aws_sdk_sqs::config::Builder::from(&config).interceptor(thundra_aws::interceptor());
/// ```
pub fn interceptor() -> impl Intercept + Clone + 'static {
    Interceptor::<false>
}

/// Returns the interceptor of our own clients. Nobody can name the type to disable it, so the SDK need not look in the
/// bag before each hook.
#[cfg(feature = "config")]
#[cfg_attr(not(feature = "full"), allow(dead_code))] // without the feature of a service
pub(super) fn permanent_interceptor() -> SharedInterceptor {
    SharedInterceptor::permanent(Interceptor::<true>)
}

#[derive(Clone, Copy, Debug)]
struct Interceptor<const IS_PERMANENT: bool>;

// Without the hint, the SDK calls each of nineteen hooks.
#[dyn_dispatch_hint]
impl<const IS_PERMANENT: bool> Intercept for Interceptor<IS_PERMANENT> {
    fn name(&self) -> &'static str {
        "Thundra"
    }

    /// Requests the names in the input. The SDK captures the names before serialization.
    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        #[cfg(feature = "unwrapped-clients")]
        super::unwrapped::is_wrapped();
        if ScopeRef::current().is_some() {
            services::capture_names(context.input(), config);
        }
        Ok(())
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let another_is_installed = config.load::<Ongoing>().is_some();
        if another_is_installed || is_presigning(config) || thundra_core::is_telemetry_suppressed() {
            return Ok(());
        }
        Measured::begin(config);
        let service = services::called(config);
        if let Some(messages) = &service.messages {
            (messages.request_attributes)(context.input_mut(), config);
        }
        if let Some(call) = Call::start(service, context.input_mut(), config) {
            config.interceptor_state().store_put(Ongoing::new(call));
        }
        Ok(())
    }

    /// Runs after the SDK wrote the X-Ray header of Lambda's environment.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = ongoing(config) {
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
        if let Some(call) = ongoing(config) {
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
        // Outside a scope there is no `Call` that knows the service.
        if let Some(Ok(output)) = context.output_or_error_mut()
            && let Some(messages) = &services::called(config).messages
            && let Some(received) = (messages.received)(output, config)
            && let Some(call) = ongoing(config)
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
        // Ends the span now, and not when the SDK drops its bag.
        if let Some(mut call) = config.get_mut_from_interceptor_state::<Ongoing>().and_then(Ongoing::take) {
            call.learn(context, config);
            call.end(context, attempts);
        }
        if let Some(measured) = config.get_mut_from_interceptor_state::<Measured>() {
            measured.end(context);
        }
        Ok(())
    }
}

/// Returns the call in progress.
fn ongoing(config: &mut ConfigBag) -> Option<&mut Call> {
    config.get_mut_from_interceptor_state::<Ongoing>()?.call()
}

/// Returns `true` while the SDK presigns a request. The SDK runs the same hooks then, without the invocation id.
fn is_presigning(config: &ConfigBag) -> bool {
    config.load::<DisableInterceptor<InvocationIdInterceptor>>().is_some()
}
