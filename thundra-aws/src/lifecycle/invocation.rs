//! From an event to the scope of its invocation.

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use lambda_runtime::Context;
use thundra_core::propagation::{Inbound, ParentSource, Propagators, Trust, XRayHeader};
use thundra_core::{
    Config, NO_ATTRIBUTES, Records, Scope, ScopeFlags, ScopeRef, SpanKind, TraceContext, Value, diagnostics, semconv,
};

use super::answer::Answer;
use super::availability_zone::{self, Zone};
use super::deadline::Deadline;
use super::watchdog::Watch;
use super::{agent_gateway, environment, evidence, initialisation, setup, usage, warmup};
use crate::attributes::{Attributes, cut};
use crate::chain::{self, Work};
use crate::settings::Settings;
use crate::trigger::{self, Extractor, FaasTrigger, Message, Trigger, arn};
use crate::{hops, payload, queue_time};

/// Begins the scope of an invocation, and removes the propagated context from `body`.
///
/// `attempt` is the invocation id, sent by Lambda beside the request id.
pub(crate) fn begin(body: &mut Bytes, context: &Context, attempt: Option<&str>, config: &Config) -> Scope {
    begin_as(environment::begin_invocation(config), body, context, attempt, config)
}

/// Begins the scope of an invocation as [`begin`] does, of an environment in a known state.
pub(crate) fn begin_as(
    is_cold_start: bool,
    body: &mut Bytes,
    context: &Context,
    attempt: Option<&str>,
    config: &Config,
) -> Scope {
    let trigger = trigger::detect(body, config, trust(context, config));
    begin_with(trigger, is_cold_start, body, context, attempt, config)
}

/// Begins the scope of an invocation with a recognised event.
pub(super) fn begin_with(
    trigger: Trigger,
    is_cold_start: bool,
    body: &mut Bytes,
    context: &Context,
    attempt: Option<&str>,
    config: &Config,
) -> Scope {
    let caller = trust(context, config);
    let name = trigger.span_name.clone().unwrap_or_else(|| function_name(context, config));
    let header = context.xray_trace_id.as_deref().and_then(XRayHeader::parse);
    let zone = availability_zone::current();
    let mut builder = Scope::builder(name)
        .kind(SpanKind::Server)
        .own_attributes(attributes(&trigger, is_cold_start, context, attempt, &zone))
        .log_fields(log_fields(&trigger, is_cold_start, context, header.as_ref()));
    let (queue_spans, waited) = (Settings::of(config).queue_spans, trigger.queue_time(SystemTime::now()));
    builder = queue_time::describe(builder, waited, queue_spans);
    builder = hops::describe(builder, trigger.messages().iter().map(|message| &message.changes));
    let linked = trigger.messages().iter().filter(|message| trigger.is_batch() || is_redrive(message));
    for message in linked {
        if let Some(parent) = message.inbound.parent.clone() {
            builder = builder.link(&parent, message.attributes.iter().cloned());
        }
    }
    if let [only] = trigger.messages()
        && let Some(received) = only.received_context.clone()
    {
        builder = builder.received_context(received);
    }
    let default_id = trigger.default_correlation_id().unwrap_or(&context.request_id).to_owned();
    if !default_id.is_empty() {
        builder = builder.default_correlation_id(default_id);
    }
    let decision = header.as_ref().and_then(|header| header.sampled);
    let mut inbound = parent(&trigger, header.as_ref(), context, caller, config.propagators);
    if thundra_core::follows_xray()
        && config.propagators.xray
        && let Some(header) = &header
        && let Some(sender) = below_lambda(&mut inbound, header, trigger.trust)
    {
        builder = builder.link(&sender, NO_ATTRIBUTES);
    }
    if let Some(deadline) = Deadline::of(context) {
        builder = builder.deadline(deadline.at());
    }
    if let Some(execution) = trigger.execution() {
        let header = header.as_ref().filter(|_| config.propagators.xray);
        let trace_id = header.map_or(execution.trace_id, |header| header.trace_id);
        builder = builder.shared_trace(trace_id, execution.trace_id).key(context.request_id.clone());
        if let Some(sender) = from_client_context(context, caller, config.propagators).and_then(|client| client.parent)
        {
            builder = builder.link(&sender, NO_ATTRIBUTES);
        }
    }
    if let [only] = trigger.messages()
        && waited.is_some()
        && (inbound.parent.is_none() || inbound.parent == only.inbound.parent)
    {
        builder = queue_time::precede(builder, only.sent_at, &trigger.attributes, queue_spans);
    }
    let scope = builder.parent(inbound).sampled_by_xray(decision).begin_with(config);
    // An unsampled invocation, perhaps not exported, leaves the links to the next invocation as well.
    let initialised = if scope.sampled() { initialisation::take() } else { initialisation::contexts() };
    initialised.iter().for_each(|initialised| scope.add_link(initialised, NO_ATTRIBUTES));
    if !initialised.is_empty() && decision != Some(false) {
        // X-Ray gets the initialisation with the linking invocation.
        thundra_core::share_withheld();
    }
    if is_cold_start {
        scope.set_flags(ScopeFlags::COLD_START);
    }
    usage::faas::began(*scope, &trigger, waited);
    warmup::report(*scope);
    if trigger.source.faas_trigger == FaasTrigger::Http {
        scope.set_flags(ScopeFlags::HTTP_REQUEST);
    }
    if trigger.has_status {
        scope.set_flags(ScopeFlags::HTTP_RESPONSE);
    }
    if trigger.execution().is_some() {
        scope.set_flags(ScopeFlags::DURABLE_EXECUTION);
    }
    if trigger.is_batch() && trigger.source.batch_api && !trigger.is_pipe {
        scope.set_flags(ScopeFlags::BATCH);
    }
    if let Some(too_long) = chain::check(*scope, config) {
        scope.set_flags(ScopeFlags::CHAIN_TOO_LONG);
        too_long.report(match trigger.faas_trigger {
            // A handler in place does not see its event.
            _ if body.is_empty() => Work::InPlace,
            _ if trigger.execution().is_some() => Work::Execution,
            FaasTrigger::PubSub | FaasTrigger::Datasource => Work::Message,
            _ => Work::Call,
        });
    } else if trigger.is_batch() {
        chain::continue_longest(*scope, trigger.messages(), config);
    }
    if let Zone::Asked = zone {
        scope.set_flags(ScopeFlags::ZONE_ASKED);
    }
    if trigger.trust == Trust::Edge {
        scope.set_flags(ScopeFlags::UNTRUSTED_CALLER);
    }
    if config.propagators != Propagators::NONE {
        *body = payload::strip_all(std::mem::take(body), trigger.context_ranges());
    }
    evidence::capture(*scope, body, trigger.source.name, config);
    scope
}

/// Returns the answer to an invocation whose handler is not called.
pub(crate) fn answer(invocation: ScopeRef, config: &Config) -> Option<Answer> {
    let too_long = chain::check(invocation, config)?;
    let flags = invocation.flags();
    let is_durable = flags.contains(ScopeFlags::DURABLE_EXECUTION);
    let answer = if is_durable { Answer::FailedExecution } else { Answer::Error };
    flags.contains(ScopeFlags::CHAIN_TOO_LONG).then(|| answer(too_long.exception()))
}

/// Ends an invocation.
pub(crate) fn finish(scope: Scope, watch: Watch) -> Records {
    let flags = scope.flags();
    if flags.contains(ScopeFlags::ZONE_ASKED)
        && let Zone::Known(id) = availability_zone::current()
    {
        scope.set_attribute(semconv::CLOUD_AVAILABILITY_ZONE, id.to_string());
    }
    if flags.contains(ScopeFlags::HANDLER_CALLED | ScopeFlags::BATCH) && !flags.contains(ScopeFlags::BATCH_HANDLED) {
        diagnostics::once(
            "batch",
            "the handler works on a batch by itself, so its calls carry the invocation's ids: \
             thundra_aws::batch::each gives each record its own",
        );
        if let Some(too_long) = chain::check(*scope, thundra_core::config()) {
            too_long.report(Work::WholeBatch);
        }
    }
    let was_exported = watch.end(&scope);
    evidence::end(*scope);
    let sampled = scope.sampled();
    let records = scope.finish();
    if !sampled && (was_exported || !records.is_empty()) {
        initialisation::take();
    }
    records
}

/// Returns the trust in the caller of the function. A Cognito identity is an end user, signed in or a guest, with
/// control over the event, the client context and the X-Ray header. An agent has control over the event.
pub(super) fn trust(context: &Context, config: &Config) -> Trust {
    let is_visitor = context
        .identity
        .as_ref()
        .is_some_and(|identity| !identity.identity_id.is_empty() || !identity.identity_pool_id.is_empty());
    let is_agent = agent_gateway::tool(context).is_some();
    if is_visitor || is_agent { trigger::edge_trust(config) } else { Trust::Full }
}

/// Returns the context of the caller: from the client context, else of a program that sent the event on, else from the
/// event's only message, else from the X-Ray header received by the runtime with the event.
fn parent(
    trigger: &Trigger,
    header: Option<&XRayHeader>,
    context: &Context,
    caller: Trust,
    formats: Propagators,
) -> Inbound {
    let mut inbound = match trigger.messages() {
        [message] => message.inbound.clone(),
        _ => Inbound::default(),
    };
    let client = from_client_context(context, caller, formats);
    for mut invoker in trigger.forwarded().cloned().into_iter().chain(client) {
        if trigger.execution().is_some() {
            // No other invocation of the execution may have the context of this one's invoker.
            (invoker.parent, invoker.source) = (None, ParentSource::None);
        }
        inbound = invoker.or(inbound);
    }
    let header = header.filter(|_| formats.xray);
    if trigger.is_batch() {
        inbound.source = ParentSource::Batch;
    } else if inbound.parent.is_some() && trigger.messages().iter().any(is_redrive) {
        inbound.parent = None;
        inbound.source = ParentSource::Redrive;
    } else if let (None, Some(header)) = (&inbound.parent, header) {
        let ignored = if formats.xray_lambda { header.parent_context() } else { None };
        inbound.parent = header.context().or(ignored);
        // Lambda forwards the header of the request, so an untrusted caller may have written it.
        inbound.untrusted = trigger.trust == Trust::Edge;
        inbound.source = match inbound.parent {
            Some(_) => ParentSource::XRay,
            None => ParentSource::XRayIgnored,
        };
    }
    if trigger.execution().is_some() && inbound.parent.is_none() {
        inbound.source = match inbound.source {
            source @ (ParentSource::Batch | ParentSource::Redrive | ParentSource::Malformed) => source,
            _ => ParentSource::SharedTrace,
        };
    }
    inbound.xray = header.cloned().or(inbound.xray);
    inbound
}

/// Returns the context in the client context of an invoke.
fn from_client_context(context: &Context, caller: Trust, formats: Propagators) -> Option<Inbound> {
    let client = context.client_context.as_ref().filter(|client| !client.custom.is_empty())?;
    let pairs: Vec<_> = client.custom.iter().collect();
    Some(Extractor::new(formats, caller).extract_any(&pairs))
}

/// Puts an invocation below Lambda's own segments in X-Ray: the parent becomes the parent in the X-Ray header, with
/// X-Ray's decision. Returns the replaced parent, if the replaced parent belongs to another trace. A header without a
/// decision means no segments of Lambda, and changes nothing.
fn below_lambda(inbound: &mut Inbound, header: &XRayHeader, trust: Trust) -> Option<TraceContext> {
    header.sampled?;
    let mut segment = header.parent_context()?;
    let sender = inbound.parent.take();
    let same_trace = sender.as_ref().is_some_and(|sender| sender.trace_id == segment.trace_id);
    if same_trace {
        // The segment is between the sender and this function.
        segment.trace_state = sender.as_ref().and_then(|sender| sender.trace_state.clone());
        segment.random = sender.as_ref().is_some_and(|sender| sender.random);
    }
    inbound.parent = Some(segment);
    inbound.source = ParentSource::XRay;
    inbound.untrusted = trust == Trust::Edge;
    sender.filter(|_| !same_trace)
}

/// Returns `true` for a message old enough to come from a dead-letter queue. Outside Lambda, old messages come from
/// files.
fn is_redrive(message: &Message) -> bool {
    message.is_old() && setup::in_lambda()
}

/// Returns the first attributes of an invocation. The scope takes the memory of the list.
fn attributes(
    trigger: &Trigger,
    is_cold_start: bool,
    context: &Context,
    attempt: Option<&str>,
    zone: &Zone,
) -> Attributes {
    // One for the cold start, and at most eight more below.
    let mut attributes = Attributes::with_capacity(trigger.attributes.len() + 9);
    attributes.push((semconv::FAAS_COLDSTART, is_cold_start.into()));
    attributes.extend(trigger.attributes.iter().cloned());
    attributes.push((semconv::FAAS_INVOCATION_ID, context.request_id.clone().into()));
    if let Some(arn) = invoked_arn(context) {
        attributes.push((semconv::AWS_LAMBDA_INVOKED_ARN, arn.to_owned().into()));
        attributes.push((semconv::CLOUD_RESOURCE_ID, resource_id(arn, &context.env_config.version).into()));
        if let Some(account) = arn::account(arn) {
            attributes.push((semconv::CLOUD_ACCOUNT_ID, account.to_owned().into()));
        }
    }
    if let Some(id) = attempt {
        attributes.push((semconv::AWS_LAMBDA_INVOCATION_ID, cut(id).to_owned().into()));
    }
    if let Some(tool) = agent_gateway::tool(context) {
        attributes.push((semconv::GEN_AI_TOOL_NAME, cut(tool).to_owned().into()));
    }
    if let Zone::Known(id) = zone {
        attributes.push((semconv::CLOUD_AVAILABILITY_ZONE, id.to_string().into()));
    }
    if let Some(tenant) = &context.tenant_id {
        attributes.push((semconv::TENANT_ID, cut(tenant).to_owned().into()));
    }
    attributes
}

/// Returns the fields of each log line of an invocation. The scope takes the memory of the list.
fn log_fields(
    trigger: &Trigger,
    is_cold_start: bool,
    context: &Context,
    header: Option<&XRayHeader>,
) -> Vec<(Cow<'static, str>, Value)> {
    let mut fields = Vec::with_capacity(6);
    fields.push((semconv::COLD_START.into(), is_cold_start.into()));
    if let Some(arn) = invoked_arn(context) {
        fields.push((semconv::FUNCTION_ARN.into(), arn.to_owned().into()));
    }
    if let Some(execution) = trigger.execution() {
        fields.push((semconv::EXECUTION_ARN.into(), execution.arn.clone().into()));
    }
    if !context.request_id.is_empty() {
        fields.push((semconv::FUNCTION_REQUEST_ID.into(), context.request_id.clone().into()));
    }
    if let Some(header) = header {
        fields.push((semconv::XRAY_TRACE_ID.into(), header.root().into()));
    }
    if let Some(tenant) = &context.tenant_id {
        fields.push((semconv::TENANT_ID.into(), cut(tenant).to_owned().into()));
    }
    fields
}

/// Returns the ARN named by the caller.
fn invoked_arn(context: &Context) -> Option<&str> {
    // lambda_runtime writes a sentence here if the header is missing.
    Some(context.invoked_function_arn.as_str()).filter(|arn| arn.starts_with("arn:"))
}

/// Returns the ARN with the version of the function in place of an alias, as the [conventions] require.
///
/// [conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/faas/aws-lambda.md
fn resource_id(arn: &str, version: &str) -> String {
    match arn::colon(arn, 6) {
        Some(at) if !version.is_empty() => format!("{}:{version}", arn.get(..at).unwrap_or(arn)),
        _ => arn.to_owned(),
    }
}

fn function_name(context: &Context, config: &Config) -> String {
    match context.env_config.function_name.as_str() {
        "" => config.resource.program_name().to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use thundra_core::config;

    use super::*;

    #[test]
    fn an_alias_gives_way_to_the_version() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        for (invoked, id) in [(arn.to_owned(), arn.to_owned()), (format!("{arn}:live"), format!("{arn}:7"))] {
            assert_eq!(resource_id(&invoked, "7"), id);
        }
    }

    const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn identity(id: &str, pool: &str) -> Context {
        let mut headers = http::HeaderMap::new();
        headers.insert("lambda-runtime-deadline-ms", 0.into());
        headers.insert("lambda-runtime-trace-id", XRAY.parse().unwrap());
        let identity = format!(r#"{{"cognitoIdentityId":"{id}","cognitoIdentityPoolId":"{pool}"}}"#);
        headers.insert("lambda-runtime-cognito-identity", identity.parse().unwrap());
        let custom = r#"{"custom":{"x-correlation-id":"c-1","debug-log-enabled":"true","call-chain-length":"9"}}"#;
        headers.insert("lambda-runtime-client-context", custom.parse().unwrap());
        Context::new("", Default::default(), &headers).unwrap()
    }

    #[test]
    fn an_identity_of_cognito_is_not_obeyed() {
        for (id, pool, obeyed, why) in [
            ("eu-west-1:1", "eu-west-1:2", false, "an end user"),
            ("", "eu-west-1:2", false, "of a pool alone"),
            ("", "", true, "nobody"),
        ] {
            let context = identity(id, pool);
            let caller = trust(&context, config());
            let trigger = trigger::detect(br#"{"a":1}"#, config(), caller);
            let header = context.xray_trace_id.as_deref().and_then(XRayHeader::parse);
            let inbound = parent(&trigger, header.as_ref(), &context, caller, config().propagators);
            assert_eq!((inbound.source, inbound.untrusted), (ParentSource::XRay, !obeyed), "{why}");
            assert_eq!(inbound.correlation.get("id"), Some("c-1"), "{why}");
            assert_eq!(inbound.correlation.debug_log_enabled(), obeyed, "{why}");
            assert_eq!(inbound.correlation.chain_length(), if obeyed { 9 } else { 1 }, "{why}");
            let scope = begin(&mut Bytes::from_static(br#"{"Records":[]}"#), &context, None, config());
            assert_eq!(
                !scope.flags().contains(ScopeFlags::UNTRUSTED_CALLER),
                obeyed,
                "{why}: the records of a batch are not obeyed either"
            );
        }
    }

    #[test]
    fn the_status_is_read_where_the_response_goes_to_the_client() {
        for (event, is_request, has_status, why) in [
            (
                r#"{"httpMethod":"GET","path":"/","headers":{},"requestContext":{"elb":{}}}"#,
                true,
                true,
                "a load balancer",
            ),
            (r#"{"Records":[{"cf":{"request":{"method":"GET","uri":"/"}}}]}"#, true, false, "CloudFront"),
            (r#"{"arguments":{},"info":{"fieldName":"order"}}"#, true, false, "a resolver"),
            (r#"{"authorizationToken":"t","methodArn":"a"}"#, true, false, "an authorizer"),
            (r#"{"order":7}"#, false, false, "a program"),
        ] {
            let scope = begin(&mut Bytes::from_static(event.as_bytes()), &Context::default(), None, config());
            let (request, response) = (ScopeFlags::HTTP_REQUEST, ScopeFlags::HTTP_RESPONSE);
            assert_eq!(
                (scope.flags().contains(request), scope.flags().contains(response)),
                (is_request, has_status),
                "{why}"
            );
        }
    }

    #[test]
    fn at_the_public_edge_the_header_of_lambda_decides_nothing() {
        let mut context = Context::default();
        context.xray_trace_id = Some(XRAY.to_owned());
        let iam = r#","authorizer":{"iam":{"userArn":"arn:aws:iam::1:user/a"}}"#;
        let url = |authorizer: &str| {
            format!(
                r#"{{"rawPath":"/","headers":{{}},"requestContext":{{"domainName":"x.lambda-url.eu-west-1.on.aws","http":{{"method":"GET"}}{authorizer}}}}}"#
            )
        };
        for (event, untrusted, why) in [
            (url(""), true, "a function URL"),
            (url(iam), false, "a function URL with IAM"),
            (
                r#"{"httpMethod":"GET","path":"/","headers":{},"requestContext":{"elb":{}}}"#.to_owned(),
                true,
                "a load balancer",
            ),
            (r#"{"arguments":{},"info":{"fieldName":"order"}}"#.to_owned(), true, "AppSync"),
            (r#"[{"arguments":{},"info":{"fieldName":"order"}}]"#.to_owned(), true, "AppSync, several at once"),
            (r#"{"type":"TOKEN","authorizationToken":"t","methodArn":"a"}"#.to_owned(), true, "an authorizer"),
            (r#"{"topic":"devices/7"}"#.to_owned(), true, "a device"),
            (String::new(), true, "a handler that does not see its event"),
            (r#"{"order":7}"#.to_owned(), false, "a program"),
        ] {
            let trigger = trigger::detect(event.as_bytes(), config(), Trust::Full);
            let header = context.xray_trace_id.as_deref().and_then(XRayHeader::parse);
            let inbound = parent(&trigger, header.as_ref(), &context, Trust::Full, config().propagators);
            assert_eq!((inbound.source, inbound.untrusted), (ParentSource::XRay, untrusted), "{why}");
        }
    }
}
