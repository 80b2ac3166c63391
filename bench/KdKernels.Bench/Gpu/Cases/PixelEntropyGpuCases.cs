using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>
/// Deviations [images, channels, height, width] or [images, rows, columns]: the mean entropy alone, with the map, and with the
/// knowledge points of a grid of cells.
/// </summary>
internal sealed class PixelEntropyGpuCases : GpuCases
{
    private const double Threshold = 0.2;

    public override string Op => "pixel-entropy";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, 256, 3, 224, 224),
        Case(KdElementType.Float32, 50, 16, 16),
        WithMap(KdElementType.Float32, 256, 3, 224, 224),
        WithPoints(KdElementType.Float32, 50, 16, 16),
        Case(KdElementType.BFloat16, 256, 3, 224, 224),
        WithPoints(KdElementType.Float32, 256, 224, 224),
    ];

    private GpuCase Case(KdElementType type, params long[] shape)
    {
        var settings = new PixelEntropySettings(KdReduction.Mean, Threshold);
        var sigma = Sigma(type, shape);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var entropy = GpuTensor.Output("entropy", KdElementType.Float32);
        var gradient = GpuTensor.Gradient(sigma);
        return new GpuCase(Op, type, shape)
        {
            Settings = [],
            Inputs = [sigma, upstream],
            Modes =
            [
                new(GpuMode.Forward, [entropy], sigma.Bytes, memory => Core.PixelEntropy.Forward(
                    Units(memory, sigma), settings, memory.Scalar(entropy), queue: memory.Queue)),
                new(GpuMode.WithGradient, [entropy, gradient], 2 * sigma.Bytes, memory => Core.PixelEntropy.ForwardWithGradient(
                    Units(memory, sigma), settings, memory.Scalar(entropy), Units(memory, gradient), queue: memory.Queue)),
                new(GpuMode.Backward, [gradient], 2 * sigma.Bytes, memory => Core.PixelEntropy.Backward(
                    Units(memory, sigma), settings, memory.Scalar(upstream), Units(memory, gradient), memory.Queue)),
            ],
        };
    }

    private GpuCase WithMap(KdElementType type, params long[] shape)
    {
        var settings = new PixelEntropySettings(KdReduction.Mean, Threshold);
        var sigma = Sigma(type, shape);
        var entropy = GpuTensor.Output("entropy", KdElementType.Float32);
        var map = GpuTensor.Output("map", type, shape);
        return new GpuCase(Op, type, shape)
        {
            Form = "map",
            Settings = new GpuSettings { ["map"] = true },
            Inputs = [sigma],
            Modes =
            [
                new(GpuMode.Forward, [entropy, map], 2 * sigma.Bytes, memory => Core.PixelEntropy.Forward(
                    Units(memory, sigma), settings, memory.Scalar(entropy), map: Units(memory, map), queue: memory.Queue)),
            ],
        };
    }

    private GpuCase WithPoints(KdElementType type, params long[] shape)
    {
        var settings = new PixelEntropySettings(KdReduction.Mean, Threshold);
        var sigma = Sigma(type, shape);
        var foreground = GpuTensor.Input("foreground", Draw.Mask(0.4), KdElementType.Bool, shape);
        var entropy = GpuTensor.Output("entropy", KdElementType.Float32);
        var background = GpuTensor.Output("background_mean", KdElementType.Float32);
        var inside = GpuTensor.Output("foreground_points", KdElementType.Int64, shape[0]);
        var outside = GpuTensor.Output("background_points", KdElementType.Int64, shape[0]);
        return new GpuCase(Op, type, shape)
        {
            Form = "points",
            Settings = new GpuSettings { ["points"] = true, ["threshold"] = Threshold },
            Inputs = [sigma, foreground],
            Modes =
            [
                new(GpuMode.Forward, [entropy, background, inside, outside], sigma.Bytes + foreground.Bytes, memory =>
                    Core.PixelEntropy.Forward(
                        Units(memory, sigma),
                        settings,
                        memory.Scalar(entropy),
                        new PixelEntropyPoints(
                            Units(memory, foreground), memory.Scalar(background), memory.PerRow(inside), memory.PerRow(outside)),
                        queue: memory.Queue)),
            ],
        };
    }

    private static GpuTensor Sigma(KdElementType type, long[] shape) =>
        GpuTensor.Input("sigma", Draw.Uniform(0.1, 2), type, shape);

    /// <summary>[images, rows, units], channels being further rows.</summary>
    private static RowsView Units(CaseMemory memory, GpuTensor tensor) =>
        memory.Rows(tensor, tensor.Shape[0], tensor.Elements / tensor.Shape[0] / tensor.Shape[^1], tensor.Shape[^1]);
}
