using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>VidLikelihood.</summary>
internal sealed class VidLikelihoodTests : IOpTests
{
    public string Op => "vid-likelihood";

    public void Run(TestSession session)
    {
        (int B, int C, int Pixels)[] shapes = session.OnCuda
            ? [(3, 5, 16), (2, 17, 49), (37, 10, 1), (64, 128, 256), (32, 2048, 196), (2, 64, 12544)]
            : [(3, 5, 16), (2, 17, 49), (37, 10, 1)];
        foreach (var type in Shapes.Types(session))
        {
            foreach (var (b, c, pixels) in shapes)
            {
                foreach (var reduction in Enum.GetValues<KdReduction>())
                    session.Test($"{Op} [{b},{c},{pixels}] {type} {reduction}", () => Features(session, type, b, c, pixels, reduction));
            }
        }
    }

    // The oracle's rows are positions, [B·pixels, C]; the tensors are [B, C, pixels].
    private static void Features(TestSession session, ScalarType type, int b, int c, int pixels, KdReduction reduction)
    {
        var student = Logits.Random(1, type, session.Device, b * pixels, c);
        var teacher = Logits.Random(2, type, session.Device, b * pixels, c);
        var rho = Logits.Random(3, type, session.Device, 1, c);
        double[] upstream = reduction == KdReduction.None ? [.. Enumerable.Range(0, b * pixels).Select(i => 1 + i % 3 * 0.5)] : [3];
        var expected = VidLikelihoodOracle.Compute(
            student.Values, teacher.Values, rho.Values, c, Enum.Parse<OracleReduction>(reduction.ToString()), upstream: upstream);
        Tensor leaf = Place(student).requires_grad_(), r = rho.OnDevice.reshape(c).clone().detach().requires_grad_();
        var loss = KdFunctional.VidLikelihood(leaf, Place(teacher), r, reduction);
        Check.Losses(reduction == KdReduction.None ? expected.RowLosses : [expected.Loss], loss.reshape(upstream.Length));
        loss.backward([tensor(upstream).to(loss.dtype).to(session.Device).reshape(loss.shape)]);
        Check.Gradient(expected.StudentGradient, leaf.grad!.permute(0, 2, 1), type);
        Check.Gradient(expected.RhoGradient, r.grad, type, "gradient of rho");

        Tensor Place(Logits values) => values.OnDevice.reshape(b, pixels, c).permute(0, 2, 1).contiguous().detach();
    }
}
