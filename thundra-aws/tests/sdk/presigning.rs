//! A call that looks presigned, without a service that presigns.

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor};
use aws_smithy_types::config_bag::ConfigBag;

/// Disables the invocation id, as presigning does.
#[derive(Debug)]
pub(crate) struct Presigning;

impl Intercept for Presigning {
    fn name(&self) -> &'static str {
        "Presigning"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(disable_interceptor::<InvocationIdInterceptor>("presigning"));
        Ok(())
    }
}
