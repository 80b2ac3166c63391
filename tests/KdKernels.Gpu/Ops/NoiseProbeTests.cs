using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Noisy copies: the bits of the CPU, whatever the shape; the gradient of σ against the oracle.</summary>
internal sealed class NoiseProbeTests : IOpTests
{
    private const ulong Seed = 0xfedcba9876543210;
    private const uint Step = 17;

    public string Op => "noise-probe";

    private static NoiseProbeShape[] ShapesOf(bool quick)
    {
        NoiseProbeShape[] few =
        [
            new(1, 3, 32, 48, 1, 4, 4, Samples: 3),
            new(2, 3, 17, 23, 2, 5, 3, FirstSample: 5),
            new(3, 1, 8, 8, 1, 2, 2),
        ];
        return quick ? few :
        [
            .. few,
            new(1, 3, 224, 224, 1, 16, 16, Samples: 4),
            new(1, 3, 227, 227, 1, 16, 16, Samples: 2),
            new(40, 2, 6, 4, 40, 3, 2),
            new(1, 1, 2, 1028, 1, 1, 7),
            new(1, 2, 3, 5, 1, 7, 11),
        ];
    }

    public void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in ShapesOf(session.Quick))
            {
                string name = $"{Op} {shape.Inputs}x{shape.Samples} {shape.Channels}x{shape.Height}x{shape.Width} "
                    + $"in {shape.CellRows}x{shape.CellColumns} {type}";
                session.Test(name, () => Compare(session, type, shape));
            }
            session.Test($"{Op} gradients of order two {type}", () => SecondOrder(session, type));
            session.Test($"{Op} a NaN stays in its pixel and cell {type}", () => NotANumber(session, type));
        }
    }

    private static void Compare(TestSession session, ScalarType type, NoiseProbeShape shape)
    {
        var input = Draw(session, type, 1, shape.Inputs, shape.Channels, shape.Height, shape.Width).requires_grad_();
        var sigma = (Draw(session, type, 2, shape.Sigmas, shape.CellRows, shape.CellColumns).abs() + 0.01).detach().requires_grad_();
        var output = Call(input, sigma);
        Check.True(output.dtype == type, $"copies of {type} but got {output.dtype}");
        // The same normals and one fused multiply-add on both: no bit differs.
        using (no_grad())
        {
            var ofCpu = Call(input.detach().cpu().to(ScalarType.Float32), sigma.detach().cpu().to(ScalarType.Float32)).to(type);
            Check.SameBits(ofCpu, output.detach().cpu(), "copies on the CPU");
            Check.SameBits(output, Call(input, sigma), "copies of another call");
        }

        var upstream = Draw(session, type, 3, output.shape);
        output.backward([upstream]);
        var truth = NoiseProbeOracle.Compute(
            Check.Values(input), Check.Values(sigma), shape,
            (sample, element) => PhiloxNormals.At(Seed, PhiloxPurpose.NoiseProbe, Step, (uint)sample, element),
            Check.Values(upstream));
        Check.Gradient(truth.SigmaGradient, sigma.grad, type, "gradient of sigma");
        Check.Gradient(truth.InputGradient, input.grad, type, "gradient of the images");

        Tensor Call(Tensor x, Tensor s) => KdFunctional.NoiseProbe(x, s, Seed, Step, (uint)shape.FirstSample, shape.Samples);
    }

    private static void SecondOrder(TestSession session, ScalarType type)
    {
        var input = Draw(session, type, 4, 1, 1, 4, 8);
        var sigma = (Draw(session, type, 5, 1, 2, 2).abs() + 0.1).detach().requires_grad_();
        var loss = KdFunctional.NoiseProbe(input, sigma, Seed, Step).to(ScalarType.Float32).square().sum();
        var first = autograd.grad([loss], [sigma], retain_graph: true, create_graph: true)[0];
        first.to(ScalarType.Float32).sum().backward();
        // d²/dσ² Σ (x + σε)² = 2 Σ ε² over a cell of eight pixels.
        var expected = new double[4];
        for (int pixel = 0; pixel < 32; pixel++)
        {
            double noise = PhiloxNormals.At(Seed, PhiloxPurpose.NoiseProbe, Step, 0, pixel);
            expected[(pixel / 16 * 2) + (pixel % 8 / 4)] += 2 * noise * noise;
        }
        Check.Gradient(expected, sigma.grad, type, "second derivative");
    }

    private static void NotANumber(TestSession session, ScalarType type)
    {
        var input = Draw(session, type, 6, 1, 1, 4, 8);
        var sigma = ones([1, 2, 2], type, session.Device).requires_grad_();
        var spoiled = zeros([1, 1, 4, 8], type, CPU);
        spoiled[0, 0, 0, 1] = float.NaN;
        var output = KdFunctional.NoiseProbe(input + spoiled.to(session.Device), sigma, Seed, Step);
        Check.True(Check.Values(output).Count(double.IsNaN) == 1, "one pixel of NaN");
        output.backward([spoiled.to(session.Device)]);
        Check.True(Check.Values(sigma.grad!).Select(double.IsNaN).SequenceEqual([true, false, false, false]), "one cell of NaN");
    }

    private static Tensor Draw(TestSession session, ScalarType type, ulong seed, params long[] shape) =>
        randn(shape, ScalarType.Float32, generator: new Generator(seed, CPU)).to(type).to(session.Device);
}
