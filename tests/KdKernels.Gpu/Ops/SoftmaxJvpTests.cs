using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>SoftmaxJvp against its oracle: every kernel's rows, both functions, strided tangents, repeats.</summary>
internal sealed class SoftmaxJvpTests : IOpTests
{
    private const double Temperature = 2;

    public string Op => "softmax-jvp";

    public void Run(TestSession session)
    {
        (int Rows, int Tangents, int Classes)[] shapes = session.Quick
            ? [(5, 3, 100), (3, 5, 1000)]
            : [(64, 10, 100), (33, 10, 1000), (7, 3, 4096), (3, 5, 10004), (5, 7, 999), (2, 70, 100), (9, 4, 10)];
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in shapes)
            {
                foreach (var of in Enum.GetValues<SoftmaxForm>())
                {
                    session.Test(
                        $"{Op} [{shape.Rows}, {shape.Tangents}, {shape.Classes}] {type} {of}",
                        () => Oracle(session, type, shape, of));
                }
            }

            session.Test($"{Op} {type} transposed tangents", () => Transposed(session, type));
            session.Test($"{Op} {type} repeats", () => Repeats(session, type));
        }
    }

    private static void Oracle(
        TestSession session, ScalarType type, (int Rows, int Tangents, int Classes) shape, SoftmaxForm of)
    {
        var (rows, count, classes) = shape;
        var logits = Logits.Random(3, type, session.Device, rows, classes);
        var directions = Logits.Random(5, type, session.Device, rows * count, classes);
        var upstream = Logits.Random(7, type, session.Device, rows * count, classes);
        var expected = SoftmaxJvpOracle.Compute(
            logits.Values, directions.Values, classes, count, Temperature, of == SoftmaxForm.LogSoftmax, upstream.Values);
        Tensor z = logits.Leaf(), v = directions.OnDevice.view(rows, count, classes).clone().detach().requires_grad_();
        var result = KdFunctional.SoftmaxJvp(z, v, Temperature, of);
        Check.Gradient(expected.Values, result, type, "product");
        result.backward([upstream.OnDevice.view(rows, count, classes)]);
        Check.Gradient(expected.TangentsGradient, v.grad, type, "gradient of the tangents");
        // Products of centred values cancel in the sum over the tangents.
        using var none = no_grad();
        Check.Gradient(expected.LogitsGradient, z.grad, type, "gradient of the logits");
    }

    private static void Transposed(TestSession session, ScalarType type)
    {
        var logits = Logits.Random(3, type, session.Device, 6, 132).OnDevice;
        var directions = Logits.Random(5, type, session.Device, 6 * 132, 4).OnDevice.view(6, 132, 4).transpose(1, 2);
        using var none = no_grad();
        var expected = KdFunctional.SoftmaxJvp(logits, directions.contiguous(), Temperature);
        Check.Gradient(Check.Values(expected), KdFunctional.SoftmaxJvp(logits, directions, Temperature), type, "product");
    }

    private static void Repeats(TestSession session, ScalarType type)
    {
        var logits = Logits.Random(3, type, session.Device, 40, 1000).OnDevice;
        var directions = Logits.Random(5, type, session.Device, 40 * 6, 1000).OnDevice.view(40, 6, 1000);
        using var none = no_grad();
        var first = KdFunctional.SoftmaxJvp(logits, directions, Temperature);
        for (int i = 0; i < 5; i++)
            Check.SameBits(first, KdFunctional.SoftmaxJvp(logits, directions, Temperature), "product");
        // A row knows nothing of the others.
        Check.SameBits(
            first.narrow(0, 7, 1), KdFunctional.SoftmaxJvp(logits.narrow(0, 7, 1), directions.narrow(0, 7, 1), Temperature), "row");
    }
}
