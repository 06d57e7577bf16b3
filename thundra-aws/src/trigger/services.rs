//! Services without a context from a sender, in a table.
//!
//! The root span keeps the name of the function. The attributes name the kind of the event or the resource behind the
//! event, and no personal data: no address, no text, no parameter.
//!
//! # Trust
//!
//! A service that acts for people or devices outside of the account forwards their input, so the caller is untrusted.
//! No member of the event is a context, so the rule concerns the headers beside the event.
//!
//! # Forwarded events
//!
//! A program may forward an event to another function. The context of the program is read and cut out as in a [direct]
//! invocation.

use std::borrow::Cow;

use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::parse::arn;
use super::parse::json::Object;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Trigger, common, direct, edge_trust};

/// Makes a `Source` of each row: the name, the function that reads an event, the forms of the events, the attributes.
///
/// A form is a list of members, all present in the event, and an attribute is the text of a member. A `/` leads into an
/// object.
macro_rules! services {
    ($($(#[$doc:meta])* $row:ident = $name:literal, $read:ident, [$([$($member:literal),*]),*],
        [$($key:ident = $path:literal),*];)*) => {$(
        $(#[$doc])*
        pub(super) static $row: Source = Source {
            name: $name,
            faas_trigger: FaasTrigger::Other,
            batch_api: false,
            recognise: Recognise::Members(|event| [$(&[$($member),*][..]),*].iter().any(|form| has(event, form))),
            read: |trigger, event, config| $read(trigger, event, config, &[$((semconv::$key, $path)),*]),
        };
    )*};
}

services! {
    /// [Skills of Alexa](https://developer.amazon.com/docs/custom-skills/request-and-response-json-reference.html), and
    /// [those of a smart home](https://developer.amazon.com/docs/device-apis/message-guide.html).
    ALEXA = "alexa", read_of_others,
        [["request/type", "context/System"], ["request/type", "session/application"], ["directive/header/namespace"]],
        [AWS_ALEXA_REQUEST_TYPE = "request/type", AWS_ALEXA_REQUEST_TYPE = "directive/header/name",
            AWS_ALEXA_INTENT_NAME = "request/intent/name"];
    /// [Termination policies] of EC2 Auto Scaling. Lifecycle hooks arrive through EventBridge.
    ///
    /// [Termination policies]: https://docs.aws.amazon.com/autoscaling/ec2/userguide/lambda-custom-termination-policy.html
    AUTO_SCALING = "auto_scaling", read, [["AutoScalingGroupARN", "CapacityToTerminate"]],
        [AWS_AUTOSCALING_GROUP_NAME = "AutoScalingGroupName", AWS_AUTOSCALING_CAUSE = "Cause"];
    /// [Agents](https://docs.aws.amazon.com/bedrock/latest/userguide/agents-lambda.html) of Bedrock, with an API or
    /// with functions, and [nodes of flows](https://docs.aws.amazon.com/bedrock/latest/userguide/flows-nodes.html).
    BEDROCK = "bedrock", read_of_others, [["messageVersion", "agent"], ["messageVersion", "flow", "node"]],
        [GEN_AI_AGENT_ID = "agent/id", GEN_AI_AGENT_NAME = "agent/name",
            AWS_BEDROCK_ACTION_GROUP_NAME = "actionGroup", GEN_AI_TOOL_NAME = "function", GEN_AI_TOOL_NAME = "apiPath"];
    /// [Connections](https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/connection-authorization.html) to Client VPN.
    CLIENT_VPN = "client_vpn", read_of_others, [["connection-id", "endpoint-id"]],
        [AWS_CLIENT_VPN_ENDPOINT_ID = "endpoint-id"];
    /// CloudFormation: [custom resources], also through the provider framework of the CDK, [macros] and [hooks].
    ///
    /// [custom resources]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
    /// [macros]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
    /// [hooks]: https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks.html
    CLOUDFORMATION = "cloudformation", read,
        [["RequestType", "StackId", "LogicalResourceId"], ["transformId", "fragment"],
            ["hookTypeName", "actionInvocationPoint"]],
        [AWS_CLOUDFORMATION_REQUEST_TYPE = "RequestType", AWS_CLOUDFORMATION_REQUEST_TYPE = "actionInvocationPoint",
            AWS_CLOUDFORMATION_RESOURCE_TYPE = "ResourceType",
            AWS_CLOUDFORMATION_RESOURCE_TYPE = "requestData/targetType",
            AWS_CLOUDFORMATION_STACK_ID = "StackId", AWS_CLOUDFORMATION_STACK_ID = "stackId"];
    /// [Alarms] of CloudWatch with a function as the action.
    ///
    /// [Alarms]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
    CLOUDWATCH_ALARM = "cloudwatch_alarm", read, [["source", "alarmData"]],
        [AWS_CLOUDWATCH_ALARM_NAME = "alarmData/alarmName", AWS_CLOUDWATCH_ALARM_STATE = "alarmData/state/value"];
    /// [Hooks of a deployment] of CodeDeploy.
    ///
    /// [Hooks of a deployment]: https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
    CODEDEPLOY = "codedeploy", read, [["DeploymentId", "LifecycleEventHookExecutionId"]],
        [DEPLOYMENT_ID = "DeploymentId"];
    /// [Jobs](https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html) of
    /// CodePipeline.
    CODEPIPELINE = "codepipeline", read, [["CodePipeline.job"]], [AWS_CODEPIPELINE_JOB_ID = "CodePipeline.job/id"];
    /// [User pools] of Cognito, in every flow, and the synchronisation of identity pools.
    ///
    /// [User pools]: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    COGNITO = "cognito", read_of_others, [["triggerSource", "userPoolId"], ["identityPoolId", "datasetName"]],
        [AWS_COGNITO_TRIGGER_SOURCE = "triggerSource", AWS_COGNITO_TRIGGER_SOURCE = "eventType",
            AWS_COGNITO_USER_POOL_ID = "userPoolId", AWS_COGNITO_IDENTITY_POOL_ID = "identityPoolId"];
    /// [Custom rules] of AWS Config.
    ///
    /// [Custom rules]: https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
    CONFIG = "config", read, [["configRuleName", "invokingEvent"]], [AWS_CONFIG_RULE_NAME = "configRuleName"];
    /// [Flows](https://docs.aws.amazon.com/connect/latest/adminguide/connect-lambda-functions.html) of Connect.
    CONNECT = "connect", read_of_others, [["Name", "Details/ContactData"]],
        [AWS_CONNECT_CHANNEL = "Details/ContactData/Channel"];
    /// [Lex](https://docs.aws.amazon.com/lexv2/latest/dg/lambda-input-format.html), in both versions.
    LEX = "lex", read_of_others, [["invocationSource", "bot"]],
        [AWS_LEX_BOT_NAME = "bot/name", AWS_LEX_INVOCATION_SOURCE = "invocationSource",
            AWS_LEX_INTENT_NAME = "currentIntent/name", AWS_LEX_INTENT_NAME = "sessionState/intent/name"];
    /// [Rotations] of the secrets of Secrets Manager.
    ///
    /// [Rotations]: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-lambda-function-customizing.html
    SECRETS_MANAGER = "secrets_manager", read, [["Step", "SecretId", "ClientRequestToken"]],
        [AWS_SECRETSMANAGER_SECRET_ARN = "SecretId", AWS_SECRETSMANAGER_ROTATION_STEP = "Step"];
}

/// [Subscriptions] to log groups of CloudWatch. The compressed log lines are not read.
///
/// [Subscriptions]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
pub(super) static CLOUDWATCH_LOGS: Source = Source {
    name: "cloudwatch_logs",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| has(event, &["awslogs/data"])),
    read: |trigger, event, config| read(trigger, event, config, &[]),
};

/// [Triggers](https://docs.aws.amazon.com/lambda/latest/dg/services-codecommit.html) of CodeCommit.
pub(super) static CODECOMMIT: Source = Source {
    name: "codecommit",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Records(|record| is_record(record, "aws:codecommit", |record| record.has("codecommit"))),
    read: |trigger, event, config| {
        let repository = common(event.records.iter().map(|record| record.text("eventSourceARN")));
        trigger.set_some(semconv::VCS_REPOSITORY_NAME, repository.as_deref().and_then(arn::name).map(str::to_owned));
        read(trigger, event, config, &[])
    },
};

/// [Mails](https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html) to SES.
pub(super) static SES: Source = Source {
    name: "ses",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Records(|record| is_record(record, "aws:ses", |record| record.has("ses"))),
    read: |trigger, event, config| {
        let id = common(event.records.iter().map(|record| text(record, "ses/mail/messageId")));
        trigger.set_some(semconv::AWS_SES_MESSAGE_ID, id.map(String::from));
        read_of_others(trigger, event, config, &[])
    },
};

/// Reads an event with the attributes, each a key and a path.
fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config, attributes: &[(&'static str, &str)]) -> Option<()> {
    for (key, path) in attributes {
        trigger.set_some(key, text(&event.members, path).map(String::from));
    }
    let _ = direct::read(trigger, event, config);
    Some(())
}

/// Reads an event about people or devices outside of the account.
fn read_of_others(
    trigger: &mut Trigger,
    event: &Event<'_>,
    config: &Config,
    attributes: &[(&'static str, &str)],
) -> Option<()> {
    trigger.trust = edge_trust(config);
    read(trigger, event, config, attributes)
}

/// Returns `true` if the event has all the members.
fn has(event: &Event<'_>, paths: &[&str]) -> bool {
    paths.iter().all(|path| find(&event.members, path, &|object, key| object.has(key).then_some(())).is_some())
}

/// Returns the text of a member.
fn text<'a>(object: &Object<'a>, path: &str) -> Option<Cow<'a, str>> {
    find(object, path, &|object, key| object.text(key))
}

fn find<'a, T>(object: &Object<'a>, path: &str, get: &impl Fn(&Object<'a>, &str) -> Option<T>) -> Option<T> {
    // Many forms are tried for each event, and a search for a `char` takes longer than one for a byte.
    match path.bytes().position(|byte| byte == b'/').and_then(|end| path.split_at_checked(end)) {
        Some((key, rest)) => find(&object.object(key)?, rest.get(1..)?, get),
        None => get(object, path),
    }
}
