namespace KdKernels.Cli.Ops;

/// <summary>A float64 result of an oracle, in C order.</summary>
internal sealed record OracleValue(double[] Values, params long[] Shape)
{
    public static OracleValue Scalar(double value) => new([value]);
}

/// <summary>What an oracle computes.</summary>
/// <param name="Outputs">In the order of the op's outputs.</param>
/// <param name="Gradients">By input name: of Σ upstream ⊙ main output, each with the input's shape.</param>
internal sealed record OracleRun(IReadOnlyList<OracleValue> Outputs, IReadOnlyDictionary<string, double[]> Gradients);
