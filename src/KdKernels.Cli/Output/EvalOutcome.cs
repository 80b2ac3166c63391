namespace KdKernels.Cli.Output;

internal sealed record EvalOutcome(double Accuracy);
