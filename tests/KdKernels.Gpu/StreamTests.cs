using KdKernels.SystemLibTorch;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Kernels go to torch's current stream, after what was put there before and before what comes next; two
/// streams do not share scratch memory.</summary>
internal static class StreamTests
{
    private const double Temperature = 4;

    public static void Run(TestSession session)
    {
        session.Test("order on a side stream", () => Order(session));
        session.Test("order of backward on a side stream", () => OrderOfBackward(session));
        session.Test("two streams at once", () => TwoAtOnce(session));
        session.Test("the current stream is the one before again", () =>
        {
            nint before = LibTorch.CudaStream();
            using (LibTorch.UseSideStream())
                Check.True(LibTorch.CudaStream() != before, "another stream inside the scope");
            Check.True(LibTorch.CudaStream() == before, "the stream from before after the scope");
        });
    }

    private static void Order(TestSession session)
    {
        var (student, teacher) = (Data(session, 1), Data(session, 2));
        using var none = no_grad();
        var expected = KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean);
        cuda.synchronize();
        using var side = LibTorch.UseSideStream();
        var late = zeros_like(student);
        cuda.synchronize();
        for (int i = 0; i < 10; i++)
        {
            // On the right stream the copy has arrived and the NaN have not; on any other, one of them is wrong.
            KeepBusy(session);
            late.copy_(student);
            var loss = KdFunctional.TemperedKl(late, teacher, Temperature, KdReduction.BatchMean);
            late.fill_(double.NaN);
            Check.SameBits(expected, loss, $"round {i}'s loss");
        }
    }

    private static void OrderOfBackward(TestSession session)
    {
        var (student, teacher) = (Data(session, 3), Data(session, 4));
        var expected = Gradient(student.detach().requires_grad_());
        cuda.synchronize();
        using var side = LibTorch.UseSideStream();
        var leaf = zeros_like(student).requires_grad_();
        cuda.synchronize();
        using (no_grad())
        {
            KeepBusy(session);
            leaf.copy_(student);
        }
        var gradient = Gradient(leaf);
        Check.SameBits(expected, gradient, "the gradient");

        Tensor Gradient(Tensor of)
        {
            // Without reduction, backward launches a kernel of its own.
            KdFunctional.TemperedKl(of, teacher, Temperature, KdReduction.None).sum().backward();
            return of.grad!;
        }
    }

    private static void TwoAtOnce(TestSession session)
    {
        var (student, teacher) = (Data(session, 5), Data(session, 6));
        using var none = no_grad();
        var expected = KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean);
        cuda.synchronize();
        // Enough that kernels of both streams overlap; a ticket or partial sum that they shared would show.
        const int calls = 200;
        var losses = new List<Tensor>(2 * calls);
        using (var first = LibTorch.UseSideStream())
        {
            for (int i = 0; i < calls; i++)
            {
                losses.Add(KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean));
                using var second = LibTorch.UseSideStream();
                losses.Add(KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean));
            }
        }
        cuda.synchronize();
        for (int i = 0; i < losses.Count; i++) Check.SameBits(expected, losses[i], $"loss {i}");
    }

    private static Tensor Data(TestSession session, long seed)
    {
        manual_seed(seed);
        return randn([512, 1000], ScalarType.Float32, session.Device) * 3;
    }

    // Some milliseconds of work on the current stream.
    private static void KeepBusy(TestSession session)
    {
        using var scope = NewDisposeScope();
        var a = ones([4096, 4096], ScalarType.Float32, session.Device);
        for (int i = 0; i < 8; i++) a = mm(a, a) * 1e-4;
    }
}
