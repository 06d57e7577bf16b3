import * as path from 'node:path';
import { Aws, CfnOutput, Duration, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { KinesisEventSource, SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as logs from 'aws-cdk-lib/aws-logs';
import { LambdaDestination } from 'aws-cdk-lib/aws-logs-destinations';
import * as sns from 'aws-cdk-lib/aws-sns';
import { LambdaSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { Construct } from 'constructs';
import { TracedFunction, allow } from './traced-function';

export interface ShopProps extends StackProps {
  /** The address of an OTLP/HTTP collector. */
  readonly collectorEndpoint: string;
  /** Where spans go. With `stdout`, the default, they go to the log, and from there to the collector. */
  readonly tracesExporter?: string;
}

const MEMORY_SIZE = 256;

/** The folder of the example, also from the compiled app in `cdk.out/app`. */
const EXAMPLE = path.resolve(__dirname, '../../..');

/** `POST /orders` ─► orders ──SNS──► billing ──Kinesis──► shipping ──SQS──► notify */
export class Shop extends Stack {
  constructor(scope: Construct, id: string, props: ShopProps) {
    super(scope, id, props);
    const system = Aws.STACK_NAME;
    const programs: string = this.node.tryGetContext('programs') ?? path.join(EXAMPLE, '../../target/lambda');
    const common = { system, programs, memorySize: MEMORY_SIZE };
    const telemetry = {
      OTEL_TRACES_EXPORTER: props.tracesExporter ?? 'stdout',
      OTEL_METRICS_EXPORTER: 'emf',
      THUNDRA_METRICS_NAMESPACE: system,
      THUNDRA_MAX_CHAIN_LENGTH: '10',
    };

    // What neither billing, shipping nor forwarder could work on.
    const failures = new sqs.Queue(this, 'Failures', queue(`${system}-failures`, Duration.days(14)));
    const twice: lambda.EventInvokeConfigOptions = {
      retryAttempts: 2,
      maxEventAge: Duration.hours(1),
      onFailure: new SqsDestination(failures),
    };

    // orders: takes an order over HTTP and publishes it.
    const topic = new sns.Topic(this, 'OrderTopic', { topicName: `${system}-orders` });
    const orders = new TracedFunction(this, 'orders', {
      ...common,
      environment: { ...telemetry, THUNDRA_WARMUP: 'on', TOPIC_ARN: topic.topicArn },
      timeout: Duration.seconds(10), // a caller of HTTP waits
      allow: [allow(['sns:Publish'], topic.topicArn)],
      asyncInvoke: { retryAttempts: 0, maxEventAge: Duration.minutes(1) }, // of the pings
    });
    const api = new apigateway.HttpApi(this, 'Api', { createDefaultStage: false });
    api.addRoutes({
      path: '/orders',
      methods: [apigateway.HttpMethod.POST],
      integration: new HttpLambdaIntegration('Orders', orders.function),
    });
    new apigateway.HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { burstLimit: 100, rateLimit: 50 },
    });
    new events.Rule(this, 'KeepWarm', {
      description: 'Keeps an environment of orders warm.',
      schedule: events.Schedule.rate(Duration.minutes(5)),
      targets: [
        new targets.LambdaFunction(orders.function, {
          event: events.RuleTargetInput.fromObject({ warmup: true }),
          retryAttempts: 0,
          maxEventAge: Duration.minutes(1),
        }),
      ],
    });

    // billing: charges an order, and puts its items on the stream of parcels.
    const parcels = new kinesis.Stream(this, 'Parcels', {
      streamName: `${system}-parcels`,
      streamMode: kinesis.StreamMode.PROVISIONED,
      shardCount: 1,
      retentionPeriod: Duration.hours(24),
      encryption: kinesis.StreamEncryption.UNENCRYPTED,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const billing = new TracedFunction(this, 'billing', {
      ...common,
      environment: { ...telemetry, STREAM_NAME: parcels.streamName },
      allow: [allow(['kinesis:PutRecords'], parcels.streamArn), allow(['sqs:SendMessage'], failures.queueArn)],
      asyncInvoke: twice,
    });
    topic.addSubscription(new LambdaSubscription(billing.function, { deadLetterQueue: failures }));

    // shipping: packs the parcels of a batch, and sends a note for each.
    const notesDead = new sqs.Queue(this, 'NotesDead', queue(`${system}-notes-dead`, Duration.days(14)));
    const notes = new sqs.Queue(this, 'Notes', {
      ...queue(`${system}-notes`),
      visibilityTimeout: Duration.seconds(180), // six timeouts of notify, as Lambda advises
      deadLetterQueue: { queue: notesDead, maxReceiveCount: 3 },
    });
    const shipping = new TracedFunction(this, 'shipping', {
      ...common,
      environment: { ...telemetry, QUEUE_URL: notes.queueUrl },
      allow: [
        allow(
          [
            'kinesis:DescribeStream',
            'kinesis:DescribeStreamSummary',
            'kinesis:GetRecords',
            'kinesis:GetShardIterator',
            'kinesis:ListShards',
          ],
          parcels.streamArn,
        ),
        allow(['sqs:SendMessage'], notes.queueArn, failures.queueArn),
      ],
    });
    shipping.function.addEventSource(
      new KinesisEventSource(parcels, {
        startingPosition: lambda.StartingPosition.TRIM_HORIZON,
        batchSize: 100,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        retryAttempts: 3,
        maxRecordAge: Duration.hours(1),
        onFailure: new SqsDlq(failures),
      }),
    );

    // notify: mails the notes.
    const notify = new TracedFunction(this, 'notify', {
      ...common,
      environment: telemetry,
      allow: [allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], notes.queueArn)],
    });
    notify.function.addEventSource(
      new SqsEventSource(notes, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 10 }),
    );

    // forwarder: sends the telemetry in the logs to the collector.
    const forwarder = new TracedFunction(this, 'forwarder', {
      ...common,
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: props.collectorEndpoint },
      allow: [allow(['sqs:SendMessage'], failures.queueArn)],
      asyncInvoke: twice,
    });
    const senders = [orders, billing, shipping, notify];
    for (const { log, node } of senders) {
      new logs.SubscriptionFilter(this, `Telemetry of ${node.id}`, {
        logGroup: log,
        destination: new LambdaDestination(forwarder.function),
        filterPattern: logs.FilterPattern.literal('?"__otel_otlp_stdout" ?"platform.report"'),
      });
    }

    // The dashboard, the alarms and the queries, as in the SAM application. The other parameters stay parameters.
    const monitoring = new CfnInclude(this, 'Monitoring', {
      templateFile: path.join(EXAMPLE, 'monitoring.yaml'),
      parameters: { System: system, MemorySize: MEMORY_SIZE },
    });
    monitoring.node.addDependency(...senders.map(({ log }) => log));

    new CfnOutput(this, 'OrdersUrl', { value: `${api.apiEndpoint}/orders` });
    new CfnOutput(this, 'FailuresUrl', { value: failures.queueUrl });
    new CfnOutput(this, 'NotesDeadUrl', { value: notesDead.queueUrl });
  }
}

function queue(queueName: string, retentionPeriod?: Duration): sqs.QueueProps {
  return { queueName, removalPolicy: RemovalPolicy.DESTROY, ...(retentionPeriod && { retentionPeriod }) };
}

