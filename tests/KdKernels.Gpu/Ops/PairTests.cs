using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <inheritdoc/>
internal sealed class JsdTests : PairOpTests
{
    private const double Beta = 0.3;

    public override string Op => "jsd";

    protected override bool HasLimit => true;

    protected override Tensor Call(Tensor student, Tensor teacher, PairCall call, Tensor? labels, Tensor? weights, long? dim = null) =>
        KdFunctional.Jsd(student, teacher, call.Temperature, Beta, call.Reduction, labels, dim: dim);

    protected override TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, PairCall call, long[]? labels, double[]? weights, double[]? upstream) =>
        JsdOracle.Compute(
            student, teacher, classes, call.Temperature, Beta, Reduction(call), labels: labels, ignoreIndex: Labels.Ignored, upstream: upstream);
}

/// <inheritdoc/>
internal sealed class ReverseKlTests : PairOpTests
{
    public override string Op => "reverse-kl";

    protected override bool HasLimit => true;

    protected override bool HasClassWeights => true;

    protected override Tensor Call(Tensor student, Tensor teacher, PairCall call, Tensor? labels, Tensor? weights, long? dim = null) =>
        KdFunctional.ReverseKl(student, teacher, call.Temperature, call.Reduction, weights, labels, dim: dim);

    protected override TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, PairCall call, long[]? labels, double[]? weights, double[]? upstream) =>
        ReverseKlOracle.Compute(
            student, teacher, classes, call.Temperature, Reduction(call), classWeights: weights, labels: labels,
            ignoreIndex: Labels.Ignored, upstream: upstream);
}

/// <inheritdoc/>
internal sealed class TotalVariationTests : PairOpTests
{
    public override string Op => "total-variation";

    protected override Tensor Call(Tensor student, Tensor teacher, PairCall call, Tensor? labels, Tensor? weights, long? dim = null) =>
        KdFunctional.TotalVariation(student, teacher, call.Temperature, call.Reduction, labels, dim: dim);

    protected override TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, PairCall call, long[]? labels, double[]? weights, double[]? upstream) =>
        TotalVariationOracle.Compute(
            student, teacher, classes, call.Temperature, Reduction(call), labels, Labels.Ignored, upstream);
}

/// <inheritdoc/>
internal sealed class DecoupledKdTests : PairOpTests
{
    private const double Alpha = 1, Beta = 8;

    public override string Op => "decoupled-kd";

    protected override bool? NeedsLabels => true;

    protected override Tensor Call(Tensor student, Tensor teacher, PairCall call, Tensor? labels, Tensor? weights, long? dim = null) =>
        KdFunctional.DecoupledKd(student, teacher, labels!, Alpha, Beta, call.Temperature, call.Reduction, dim: dim);

    protected override TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, PairCall call, long[]? labels, double[]? weights, double[]? upstream) =>
        DecoupledKdOracle.Compute(
            student, teacher, labels!, classes, Alpha, Beta, call.Temperature, Reduction(call), ignoreIndex: Labels.Ignored,
            upstream: upstream);
}

/// <inheritdoc/>
internal sealed class SoftCrossEntropyTests : PairOpTests
{
    public override string Op => "soft-cross-entropy";

    protected override bool HasTeacherGradient => false;

    protected override bool HasClassWeights => true;

    protected override Tensor Call(Tensor student, Tensor teacher, PairCall call, Tensor? labels, Tensor? weights, long? dim = null) =>
        KdFunctional.SoftCrossEntropy(student, teacher, call.Temperature, call.Reduction, weights, labels, dim: dim);

    protected override TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, PairCall call, long[]? labels, double[]? weights, double[]? upstream)
    {
        var truth = SoftCrossEntropyOracle.Compute(
            student, teacher, classes, call.Temperature, Reduction(call), classWeights: weights, labels: labels,
            ignoreIndex: Labels.Ignored, upstream: upstream);
        return new TemperedKlOracleResult(truth.RowLosses, truth.Loss, truth.StudentGradient, []);
    }
}

/// <inheritdoc/>
internal sealed class LogitRegressionTests : PairOpTests
{
    public override string Op => "logit-regression";

    protected override bool? NeedsLabels => null;

    protected override Tensor Call(Tensor student, Tensor teacher, PairCall call, Tensor? labels, Tensor? weights, long? dim = null) =>
        KdFunctional.LogitRegression(student, teacher, call.Reduction, dim: dim);

    protected override TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, PairCall call, long[]? labels, double[]? weights, double[]? upstream)
    {
        var truth = LogitRegressionOracle.Compute(student, teacher, classes, Reduction(call), upstream: upstream);
        return new TemperedKlOracleResult(truth.RowLosses, truth.Loss, truth.StudentGradient, truth.TeacherGradient);
    }
}
