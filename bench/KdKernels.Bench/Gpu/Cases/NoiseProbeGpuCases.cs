using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Images, channels, height, width; a grid of 16 x 16 cells each. The form says how many copies.</summary>
internal sealed class NoiseProbeGpuCases : GpuCases
{
    private const long Cells = 16;
    private const long Seed = 17;
    private const int Step = 3;

    public override string Op => "noise-probe";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, samples: 1, 256, 3, 224, 224),
        Case(KdElementType.Float32, samples: 4, 4, 3, 32, 32),
        Case(KdElementType.Float32, samples: 16, 16, 3, 224, 224),
        Case(KdElementType.BFloat16, samples: 1, 256, 3, 224, 224),
    ];

    private GpuCase Case(KdElementType type, int samples, params long[] shape)
    {
        var settings = new NoiseProbeSettings((int)shape[3], Seed, Step, Samples: samples);
        long[] copies = [shape[0] * samples, .. shape[1..]];
        var input = GpuTensor.Input("input", Draw.Normal(), type, shape);
        var sigma = GpuTensor.Input("sigma", Draw.Uniform(0.05, 0.5), type, shape[0], Cells, Cells);
        var upstream = GpuTensor.Input("upstream", Draw.Normal(), type, copies);
        var output = GpuTensor.Output("output", type, copies);
        var gradient = GpuTensor.Gradient(sigma);
        void Forward(CaseMemory memory) => Core.NoiseProbe.Forward(
            Channels(memory, input), memory.Batches(sigma), settings, Channels(memory, output), memory.Queue);
        void Backward(CaseMemory memory) => Core.NoiseProbe.Backward(
            Channels(memory, upstream), settings, memory.Batches(gradient), memory.Queue);
        long forward = input.Bytes + output.Bytes + sigma.Bytes;
        long backward = upstream.Bytes + gradient.Bytes;
        return new GpuCase(Op, type, shape)
        {
            Form = samples > 1 ? $"{samples} copies" : "",
            Settings = new GpuSettings { ["samples"] = samples, ["seed"] = Seed, ["step"] = Step },
            Inputs = [input, sigma, upstream],
            Modes =
            [
                new(GpuMode.Forward, [output], forward, Forward),
                new(GpuMode.WithGradient, [output, gradient], forward + backward, memory =>
                {
                    Forward(memory);
                    Backward(memory);
                }),
                new(GpuMode.Backward, [gradient], backward, Backward),
            ],
        };
    }

    private static RowsView Channels(CaseMemory memory, GpuTensor tensor) =>
        memory.Rows(tensor, tensor.Shape[0], tensor.Shape[1], tensor.Shape[2] * tensor.Shape[3]);
}
