//! Gateways of [Bedrock AgentCore], which call a function as a tool of an agent.
//!
//! The event holds the arguments of the tool alone. An agent wrote the arguments, on behalf of anyone, so no argument
//! is trusted. The facts from the gateway stand in the client context.
//!
//! A gateway may hand on headers of its client, as the map `bedrockAgentCorePropagatedHeaders` in the client context.
//! lambda_runtime 1.5 takes texts alone there, and ends with an error before any layer sees the invocation.
//!
//! [Bedrock AgentCore]: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-add-target-lambda.html

use lambda_runtime::Context;

const TOOL_NAME: &str = "bedrockAgentCoreToolName";

/// Returns the name of the called tool, `{target}___{tool}`. `None` for any other caller.
pub(super) fn tool(context: &Context) -> Option<&str> {
    context.client_context.as_ref()?.custom.get(TOOL_NAME).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use thundra_core::propagation::PAYLOAD_CONTEXT;
    use thundra_core::{ScopeFlags, config};

    use super::*;
    use crate::lifecycle::invocation;

    fn context(custom: &str) -> Context {
        let mut headers = http::HeaderMap::new();
        headers.insert("lambda-runtime-deadline-ms", 0.into());
        headers.insert("lambda-runtime-client-context", format!(r#"{{"custom":{{{custom}}}}}"#).parse().unwrap());
        Context::new("", Default::default(), &headers).unwrap()
    }

    #[test]
    fn the_arguments_of_a_tool_are_not_obeyed() {
        let sent = r#"{"x-correlation-id":"c-1","debug-log-enabled":"true","call-chain-length":"9"}"#;
        for (custom, name, why) in [
            (
                r#""bedrockAgentCoreToolName":"orders___find","bedrockAgentCoreGatewayId":"g""#,
                Some("orders___find"),
                "a tool",
            ),
            (r#""tool":"orders___find""#, None, "a program"),
        ] {
            let context = context(custom);
            assert_eq!(tool(&context), name, "{why}");
            let mut event = format!(r#"{{"{PAYLOAD_CONTEXT}":{sent},"order":7}}"#).into();
            let scope = invocation::begin(&mut event, &context, None, config());
            assert_eq!(scope.flags().contains(ScopeFlags::UNTRUSTED_CALLER), name.is_some(), "{why}");
            let ids = scope.correlation().unwrap();
            assert_eq!((ids.get("id"), ids.debug_log_enabled()), (Some("c-1"), name.is_none()), "{why}");
        }
    }
}
