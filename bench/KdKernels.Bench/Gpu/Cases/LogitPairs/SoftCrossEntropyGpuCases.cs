using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>The bytes of TemperedKl and a weight for each class, as the detectors that it is made for have.</summary>
internal sealed class SoftCrossEntropyGpuCases : LogitPairCases
{
    public override string Op => "soft-cross-entropy";

    protected override IEnumerable<(KdElementType Type, long[] Shape)> Shapes => LogitShapes.Short;

    protected override LossOf Describe(KdElementType type, IReadOnlyList<long> shape)
    {
        var weights = GpuTensor.Input("class_weights", Draw.Uniform(0.5, 1.5), KdElementType.Float32, shape[1]);
        SoftCrossEntropySettings Settings(LogitPair x) =>
            new(Temperature, KdReduction.BatchMean) { ClassWeights = x.Memory.Vector(weights) };
        return new LossOf(
            new GpuSettings { ["temperature"] = Temperature },
            (x, loss) => Core.SoftCrossEntropy.Forward(x.Student, x.Teacher, Settings(x), loss, x.Queue),
            (x, loss, gradient) => Core.SoftCrossEntropy.ForwardWithGradient(
                x.Student, x.Teacher, Settings(x), loss, gradient, x.Queue),
            (x, upstream, gradient) => Core.SoftCrossEntropy.Backward(
                x.Student, x.Teacher, Settings(x), upstream, gradient, x.Queue))
        {
            Inputs = [weights],
        };
    }
}
