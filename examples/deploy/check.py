"""Checks the rules of the shop in the SAM application and in the CDK app, and that both are the same.

    python check.py FOLDER [SYNTHESISED_CDK_TEMPLATE]

`check` runs this with the tools that it installs.
"""

import collections
import json
import os
import pathlib
import re
import sys
import types

from cfnlint.decode import cfn_yaml
from samtranslator.translator.transform import transform

FUNCTIONS = ["orders", "billing", "shipping", "notify", "forwarder"]

# What the two make differently: CDK makes routes, where SAM writes an OpenAPI document.
OWN_WAYS = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFormation::Stack",
    "AWS::Lambda::Permission",
}

# Members of properties that say the same in other words, or nothing.
OWN_WORDS = {"Code", "Role", "Tags", "Id", "DefinitionString", "Qualifier", "StreamModeDetails", "State"}

# The only actions without a resource of their own.
WITHOUT_RESOURCE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}

ALARMS = {
    "errors",
    "timeouts",
    "near-timeouts",
    "throttles",
    "concurrency",
    "cold-starts",
    "iterator-age",
    "read-throughput",
    "write-throughput",
    "queue-age",
    "dead-letters",
    "loop-guard",
    "recursive-invocations",
    "export-losses",
    "queue-losses",
    "cost-a-day",
}

problems = []


def expect(is_so, problem):
    if not is_so:
        problems.append(problem)


class System:
    """The resources of the deployed shop, with the names that they have in the stack `shop`."""

    def __init__(self, name, resources):
        self.name = name
        self.resources = resources

    def of(self, kind):
        """Returns the properties of the resources of a type, resolved."""
        return [
            self.resolve(resource.get("Properties", {}))
            for resource in self.resources.values()
            if resource["Type"] == kind
        ]

    def resolve(self, value):
        """Replaces references by names, such as `shop-notes` and `shop-notes.Arn`."""
        if isinstance(value, list):
            return [self.resolve(element) for element in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(function, argument)] = value.items()
            if function == "Ref":
                return self.reference(argument)
            if function == "Fn::GetAtt":
                target, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
                return f"{self.reference(target)}.{attribute}"
            if function == "Fn::Join":
                return argument[0].join(map(str, self.resolve(argument[1])))
            if function == "Fn::Sub":
                text, given = argument if isinstance(argument, list) else (argument, {})
                known = {key: self.resolve(value) for key, value in given.items()}
                return re.sub(r"\$\{([^!}]+)\}", lambda found: str(self.variable(found[1], known)), text)
        return {key: self.resolve(value) for key, value in value.items()}

    def variable(self, name, known):
        if name in known:
            return known[name]
        target, dot, attribute = name.partition(".")
        return f"{self.reference(target)}{dot}{attribute}"

    def reference(self, target):
        if target in ("AWS::StackName", "System"):
            return "shop"
        properties = self.resources.get(target, {}).get("Properties", {})
        for key in ("FunctionName", "QueueName", "TopicName", "LogGroupName", "AlarmName", "Name"):
            if key in properties and self.resources[target]["Type"] != "AWS::SNS::Subscription":
                return self.resolve(properties[key])
        return DEFAULTS.get(target, target)


# The values of the parameters, where an app has them as parameters.
DEFAULTS = {"MemorySize": 256, "TracesExporter": "stdout", "LogRetentionDays": 14, "CollectorEndpoint": "https://otel.example.com"}


def sam(folder):
    """Expands the SAM application, and adds the nested stack."""
    application = plain(cfn_yaml.load(str(folder / "template.yaml")))
    application["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    for resource in application["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Application":
            resource["Properties"]["Location"] = "https://s3.amazonaws.com/bucket/key"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # for the ARNs of event sources
    expanded = transform(application, {}, types.SimpleNamespace(load=dict))
    monitoring = plain(cfn_yaml.load(str(folder / "monitoring.yaml")))
    return System("SAM", expanded["Resources"] | monitoring["Resources"])


def plain(value):
    """Returns the template without the types of the linter."""
    return json.loads(json.dumps(value))


def check_functions(system):
    functions = system.of("AWS::Lambda::Function")
    expect({one["FunctionName"] for one in functions} == {f"shop-{name}" for name in FUNCTIONS}, "the functions differ")
    retained = {one["LogGroupName"]: one.get("RetentionInDays") for one in system.of("AWS::Logs::LogGroup")}
    for one in functions:
        name = f"{system.name}: {one['FunctionName']}"
        expect(one["Architectures"] == ["arm64"], f"{name} is not for arm64")
        expect(one["Runtime"] == "provided.al2023", f"{name} has another runtime")
        expect(one["TracingConfig"] == {"Mode": "Active"}, f"{name} is not traced by X-Ray")
        expect(one["LoggingConfig"]["LogFormat"] == "JSON", f"{name} has no log lines of JSON")
        # Lambda takes spans and metrics as lines of INFO, and writes its reports as such.
        expect(one["LoggingConfig"]["ApplicationLogLevel"] in ("TRACE", "DEBUG", "INFO"), f"{name} drops telemetry")
        expect(one["LoggingConfig"]["SystemLogLevel"] in ("DEBUG", "INFO"), f"{name} has no reports")
        log_group = f"/aws/lambda/{one['FunctionName']}"
        expect(one["LoggingConfig"]["LogGroup"] == log_group, f"{name} writes another log")
        expect(int(retained.get(log_group) or 0) > 0, f"{name} has a log that grows for ever")
    warm = [one["FunctionName"] for one in functions if one["Environment"]["Variables"].get("THUNDRA_WARMUP") == "on"]
    for rule in system.of("AWS::Events::Rule"):
        for target in rule["Targets"]:
            expect(json.loads(target["Input"]) == {"warmup": True}, f"{system.name}: the schedule sends no ping")
            expect(target["Arn"] in [f"{name}.Arn" for name in warm], f"{system.name}: {target['Arn']} takes no pings")
    expect(len(warm) == 1, f"{system.name}: {warm} are warm")


def check_retries(system):
    """Everything that is delivered again is so a limited number of times, and then kept."""
    queues = {one["QueueName"]: one for one in system.of("AWS::SQS::Queue")}
    timeouts = {one["FunctionName"]: one["Timeout"] for one in system.of("AWS::Lambda::Function")}
    mappings = system.of("AWS::Lambda::EventSourceMapping")
    expect(len(mappings) == 2, f"{system.name}: {len(mappings)} event source mappings")
    for one in mappings:
        function, source = one["FunctionName"], one["EventSourceArn"].removesuffix(".Arn")
        name = f"{system.name}: the mapping of {function}"
        expect(one.get("FunctionResponseTypes") == ["ReportBatchItemFailures"], f"{name} repeats whole batches")
        if source in queues:
            queue = queues[source]
            expect(0 < queue.get("RedrivePolicy", {}).get("maxReceiveCount", 0) <= 10, f"{name} never ends")
            expect(queue["VisibilityTimeout"] >= 6 * timeouts[function], f"{name} repeats what is being worked on")
        else:
            expect(0 <= one.get("MaximumRetryAttempts", -1) <= 10, f"{name} never ends")
            expect(0 < one.get("MaximumRecordAgeInSeconds", -1) <= 86400, f"{name} has no oldest record")
            expect(one.get("BisectBatchOnFunctionError") is True, f"{name} fails as a whole")
            expect("OnFailure" in one.get("DestinationConfig", {}), f"{name} loses records")
    asynchronous = {one["FunctionName"]: one for one in system.of("AWS::Lambda::EventInvokeConfig")}
    for name in ("orders", "billing", "forwarder"):
        one = asynchronous.get(f"shop-{name}", {})
        expect(0 <= one.get("MaximumRetryAttempts", -1) <= 2, f"{system.name}: the retries of {name} are the default")
        expect("MaximumEventAgeInSeconds" in one, f"{system.name}: the events of {name} may be of any age")
        # Nobody misses a ping.
        expect(name == "orders" or "OnFailure" in one.get("DestinationConfig", {}), f"{system.name}: {name} loses events")
    for one in system.of("AWS::SNS::Subscription"):
        expect(one["Protocol"] == "email" or "RedrivePolicy" in one, f"{system.name}: the subscription loses messages")
    for one in queues.values():
        is_last = "RedrivePolicy" not in one
        expect(not is_last or one["MessageRetentionPeriod"] == 1209600, f"{one['QueueName']} forgets soon")


def check_roles(system, readme):
    """Each function may do what the table says, on resources of the shop, and nothing else."""
    for resource in system.resources.values():
        if resource["Type"] != "AWS::Lambda::Function":
            continue
        name = system.resolve(resource["Properties"]["FunctionName"]).removeprefix("shop-")
        role = system.resolve(system.resources[resource["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"])
        expect("ManagedPolicyArns" not in role, f"{system.name}: the role of {name} has a policy of AWS")
        granted = set()
        for statement in [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]:
            actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
            granted.update(actions)
            expect(statement["Effect"] == "Allow", f"{system.name}: {statement}")
            is_any = any("*" in one for one in resources)
            expect(not is_any or set(actions) <= WITHOUT_RESOURCE, f"{system.name}: {name} may {actions} anywhere")
        listed = permissions(readme, name)
        expect(granted == listed, f"{system.name}: README.md and the role of {name} differ in {sorted(granted ^ listed)}")
    expect(not system.of("AWS::IAM::Policy"), f"{system.name}: there are policies beside the roles")


def permissions(readme, function):
    """Returns the permissions of a function in the table of the page."""
    rows = [row.split("|") for row in section(readme, "## Permissions").split("\n### ")[0].splitlines() if "`" in row]
    named = [row[2] for row in rows if row[1].strip() == "all" or function in re.split(r"\W+", row[1])]
    return set(re.findall(r"`([a-z]+:[A-Za-z]+)`", " ".join(named)))


def as_list(value):
    return value if isinstance(value, list) else [value]


def check_monitoring(system, readme):
    alarms = {one["AlarmName"].removeprefix("shop-"): one for one in system.of("AWS::CloudWatch::Alarm")}
    expect(set(alarms) == ALARMS, f"{system.name}: the alarms differ in {sorted(set(alarms) ^ ALARMS)}")
    named = set(re.findall(r"^\| `([a-z-]+)`", section(readme, "## Alarms"), re.MULTILINE))
    expect(named == ALARMS, f"README.md and the alarms differ in {sorted(named ^ ALARMS)}")
    for name, one in alarms.items():
        expect(one["TreatMissingData"] == "notBreaching", f"{name} goes off without data")
        expect(one["AlarmActions"] == ["shop-alarms"], f"{name} tells nobody")
    [dashboard] = system.of("AWS::CloudWatch::Dashboard")
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    [shown] = [one["properties"]["alarms"] for one in widgets if one["type"] == "alarm"]
    expect(set(shown) == {f"shop-{name}.Arn" for name in alarms}, "the dashboard does not show all alarms")
    taken = collections.Counter(
        (x, y)
        for one in widgets
        for x in range(one["x"], one["x"] + one["width"])
        for y in range(one["y"], one["y"] + one["height"])
    )
    expect(max(taken.values()) == 1 and max(x for x, _ in taken) == 23, "widgets overlap, or leave the dashboard")
    # A misspelt variable stays in the text.
    text = json.dumps([system.of(kind) for kind in ("AWS::CloudWatch::Alarm", "AWS::Logs::QueryDefinition")] + widgets)
    expect("${" not in text, "a variable is not replaced")
    expect(len(system.of("AWS::Logs::QueryDefinition")) >= 9, "queries are missing")


def section(text, heading):
    return text.split(f"\n{heading}\n")[1].split("\n## ")[0]


def check_same(one, other):
    """Two systems have the same resources, with the same properties."""
    kinds = {resource["Type"] for system in (one, other) for resource in system.resources.values()} - OWN_WAYS
    for kind in sorted(kinds):
        left, right = (
            sorted(json.dumps(said(properties), sort_keys=True) for properties in system.of(kind))
            for system in (one, other)
        )
        for text in (collections.Counter(left) - collections.Counter(right)).elements():
            problems.append(f"only {one.name} has this {kind}: {text}")
        for text in (collections.Counter(right) - collections.Counter(left)).elements():
            problems.append(f"only {other.name} has this {kind}: {text}")


def said(value):
    """Returns the properties without their own words, lists of one as their element, and JSON in texts as values."""
    if isinstance(value, dict):
        members = {key: said(value) for key, value in value.items() if key not in OWN_WORDS}
        return {key: value for key, value in members.items() if value not in (False, {})}
    if isinstance(value, list):
        return said(value[0]) if len(value) == 1 else [said(element) for element in value]
    if isinstance(value, str) and value.startswith("{"):
        return said(json.loads(value))
    return value


def main():
    folder, *synthesised = map(pathlib.Path, sys.argv[1:])
    readme = (folder / "README.md").read_text()
    systems = [sam(folder)]
    systems += [System("CDK", json.loads(path.read_text())["Resources"]) for path in synthesised]
    for system in systems:
        check_functions(system)
        check_retries(system)
        check_roles(system, readme)
        check_monitoring(system, readme)
    for other in systems[1:]:
        check_same(systems[0], other)
    if problems:
        sys.exit("\n".join(dict.fromkeys(problems)))
    print(f"{' and '.join(system.name for system in systems)}: the rules hold")


main()
