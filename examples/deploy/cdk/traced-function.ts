import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface TracedFunctionProps {
  /** The prefix of the function's name. */
  readonly system: string;
  /** The folder with a folder for each program: what `cargo lambda build` writes. */
  readonly programs: string;
  readonly memorySize: number;
  readonly environment: Record<string, string>;
  /** What the program may do, besides writing its log and its segments of X-Ray. */
  readonly allow: iam.PolicyStatement[];
  readonly timeout?: Duration;
  readonly asyncInvoke?: lambda.EventInvokeConfigOptions;
}

/** A function, its log, and a role that may do what the function needs and no more. */
export class TracedFunction extends Construct {
  readonly function: lambda.Function;
  readonly log: logs.LogGroup;

  constructor(scope: Construct, name: string, props: TracedFunctionProps) {
    super(scope, name);
    const functionName = `${props.system}-${name}`;
    this.log = new logs.LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: logs.RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        function: new iam.PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.log.logGroupArn),
            allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*'), // X-Ray has no resources
            ...props.allow,
          ],
        }),
      },
    });
    this.function = new lambda.Function(this, 'Function', {
      functionName,
      code: lambda.Code.fromAsset(`${props.programs}/${name}`),
      handler: 'bootstrap',
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: lambda.Architecture.ARM_64,
      memorySize: props.memorySize,
      timeout: props.timeout ?? Duration.seconds(30),
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
      logGroup: this.log,
      // Without this, constructs would widen the role: to `*` for X-Ray, among others.
      role: role.withoutPolicyUpdates(),
      environment: props.environment,
    });
    if (props.asyncInvoke) {
      this.function.configureAsyncInvoke(props.asyncInvoke);
    }
  }
}

export function allow(actions: string[], ...resources: string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions, resources });
}
