using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>A loss over student and teacher logits, at a reduction and class dimension.</summary>
internal delegate Tensor LogitPairLoss(Tensor student, Tensor teacher, KdReduction reduction, long? dim);

/// <summary>What every such loss is held to: composed operations, differences, strides, backward twice, leaks, guards.</summary>
internal static class LogitPairChecks
{
    /// <summary>Value and both gradients for a random upstream gradient.</summary>
    internal static void SameAsComposed(
        Func<Tensor, Tensor, Tensor> fused, Func<Tensor, Tensor, Tensor> composed, long rows = 7, long classes = 13)
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(1, ScalarType.Float64, rows, classes).requires_grad_();
        var teacher = Logits.Random(2, ScalarType.Float64, rows, classes).requires_grad_();
        var (actual, expected) = (fused(student, teacher), composed(student, teacher));
        Comparison.Close(expected, actual, relative: 1e-10, absolute: 1e-12);
        var upstream = Logits.Random(3, ScalarType.Float64, actual.shape);
        var expectedGradients = autograd.grad([expected], [student, teacher], [upstream]);
        var actualGradients = autograd.grad([actual], [student, teacher], [upstream]);
        for (int i = 0; i < 2; i++)
            Comparison.Close(expectedGradients[i], actualGradients[i], relative: 1e-9, absolute: 1e-12);
    }

    /// <summary>First and second order against finite differences, with and without reduction.</summary>
    internal static void Derivatives(Func<Tensor, Tensor, Tensor> loss)
    {
        GradCheck.FirstOrder(inputs => loss(inputs[0], inputs[1]), Input(21), Input(22));
        GradCheck.SecondOrder(inputs => loss(inputs[0], inputs[1]), Input(23), Input(24));
    }

    /// <summary>Three rows of five classes.</summary>
    internal static Tensor Input(long seed) =>
        (Logits.Random(seed, ScalarType.Float64, 3, 5) * 0.5).clamp(-4, 4).detach().requires_grad_();

    /// <summary>Pixels, sliced and transposed tensors against contiguous copies of them.</summary>
    internal static void AnyStrides(LogitPairLoss loss)
    {
        foreach (string memory in new[] { "pixels", "sliced", "channels last", "upright beside channels last", "transposed", "expanded" })
        {
            using var scope = NewDisposeScope();
            var whole = Logits.Random(9, ScalarType.Float64, 3, 6, 4, 6);
            var other = Logits.Random(10, ScalarType.Float64, 3, 6, 4, 6);
            var (student, teacher, dim) = memory switch
            {
                "pixels" => (whole, other, 1L),
                "sliced" => (whole.view(3, 24, 6).narrow(1, 0, 23), other.view(3, 24, 6).narrow(1, 1, 23), 2),
                "channels last" => (Last(whole), Last(other), 1),
                "upright beside channels last" => (whole, Last(other), 1),
                "transposed" => (whole.transpose(2, 3), other.transpose(2, 3), 1),
                _ => (whole.narrow(0, 0, 1).expand(3, 6, 4, 6), other, 1),
            };
            // The same rows with the class dimension last and nothing strided.
            var (flatStudent, flatTeacher) = (Flat(student, dim).requires_grad_(), Flat(teacher, dim));
            student = student.detach().requires_grad_();
            foreach (var reduction in new[] { KdReduction.BatchMean, KdReduction.None })
            {
                var expected = loss(flatStudent, flatTeacher, reduction, 1);
                var actual = loss(student, teacher, reduction, dim);
                Comparison.Close(expected, reduction == KdReduction.None ? actual.flatten() : actual, relative: 1e-12, absolute: 1e-15);
                var expectedGradient = autograd.grad([expected.sum()], [flatStudent])[0];
                var gradient = autograd.grad([actual.sum()], [student])[0];
                Comparison.Close(expectedGradient, Flat(gradient, dim), relative: 1e-10, absolute: 1e-14);
            }
        }

        static Tensor Last(Tensor images) => images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

        static Tensor Flat(Tensor logits, long dim)
        {
            long classes = logits.shape[dim];
            var last = dim == 1 && logits.dim() == 4 ? logits.permute(0, 2, 3, 1) : logits;
            return last.reshape(-1, classes).contiguous().detach().clone();
        }
    }

    /// <summary>A saved graph serves several backward passes, and accumulation does not touch what is saved.</summary>
    internal static void BackwardTwice(LogitPairLoss loss)
    {
        foreach (var reduction in new[] { KdReduction.BatchMean, KdReduction.None })
        {
            using var scope = NewDisposeScope();
            var student = Logits.Random(12, ScalarType.Float32, 5, 7).requires_grad_();
            var teacher = Logits.Random(13, ScalarType.Float32, 5, 7).requires_grad_();
            var value = loss(student, teacher, reduction, null).sum();
            var once = autograd.grad([value], [student, teacher], retain_graph: true).Select(g => g.clone()).ToArray();
            for (int i = 0; i < 3; i++) value.backward(retain_graph: true);
            var scaled = autograd.grad([value * 3], [student, teacher], retain_graph: true);
            var again = autograd.grad([value], [student, teacher]);
            Tensor[] accumulated = [student.grad!, teacher.grad!];
            for (int i = 0; i < 2; i++)
            {
                Assert.True(once[i].Equals(again[i]));
                Comparison.Close(once[i] * 3, scaled[i], relative: 1e-6, absolute: 0);
                Comparison.Close(once[i] * 3, accumulated[i], relative: 1e-6, absolute: 1e-9);
            }
        }
    }

    /// <summary>Only what requires a gradient gets one; nothing is recorded without.</summary>
    internal static void OnlyWhatIsRequired(LogitPairLoss loss)
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(27).detach(), Input(28));
        loss(student, teacher, KdReduction.BatchMean, null).backward();
        Assert.True(student.grad is null);
        Assert.NotNull(teacher.grad);
        Assert.False(loss(student, teacher.detach(), KdReduction.BatchMean, null).requires_grad);
        using (no_grad()) Assert.False(loss(student, teacher, KdReduction.BatchMean, null).requires_grad);
    }

    internal static void LeavesNoTensorBehind(LogitPairLoss loss)
    {
        foreach (var reduction in new[] { KdReduction.BatchMean, KdReduction.None })
        {
            var statistics = DisposeScopeManager.Statistics.TensorStatistics;
            using var outer = NewDisposeScope();
            var (student, teacher) = (Input(29), Input(30));
            Step();
            long before = statistics.ThreadTotalLiveCount;
            for (int i = 0; i < 5; i++) Step();
            Assert.Equal(before, statistics.ThreadTotalLiveCount);

            void Step()
            {
                using var scope = NewDisposeScope();
                loss(student, teacher, reduction, null).sum().backward();
                student.grad!.Dispose();
                teacher.grad!.Dispose();
                student.grad = teacher.grad = null;
            }
        }
    }

    internal static void EmptyBatches(LogitPairLoss loss)
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (zeros(0, 5).requires_grad_(), zeros(0, 5));
        Assert.Equal([0], loss(student, teacher, KdReduction.None, null).shape);
        Assert.Equal(0, loss(student, teacher, KdReduction.Sum, null).item<float>());
        Assert.Equal(float.NaN, loss(student, teacher, KdReduction.BatchMean, null).item<float>());
        loss(student, teacher, KdReduction.Sum, null).backward();
        Assert.Equal([0, 5], student.grad!.shape);
    }

    internal static void Guards(LogitPairLoss loss)
    {
        Tensor Call(Tensor student, Tensor teacher) => loss(student, teacher, KdReduction.BatchMean, null);
        Refused<ArgumentException>(
            "expected shape [4, 3], as student has, but got [4, 2]", () => Call(zeros(4, 3), zeros(4, 2)));
        Refused<ArgumentException>(
            "expected dtype Float32, as student has, but got Float64", () => Call(zeros(4, 3), zeros(4, 3, ScalarType.Float64)));
        Refused<ArgumentException>("expected logits with a batch and a class dimension", () => Call(zeros(3), zeros(3)));
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 but got Int64",
            () => Call(zeros(4, 3, ScalarType.Int64), zeros(4, 3, ScalarType.Int64)));
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 on cpu but got Float16",
            () => Call(zeros(4, 3, ScalarType.Float16), zeros(4, 3, ScalarType.Float16)));
        Refused<ArgumentNullException>("student", () => Call(null!, zeros(4, 3)));
        Refused<ArgumentException>(
            "expected the class dimension to be named for logits [2, 3, 4, 5]", () => Call(zeros(2, 3, 4, 5), zeros(2, 3, 4, 5)));
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9", () => loss(zeros(4, 3), zeros(4, 3), (KdReduction)9, null));
    }

    internal static void Refused<T>(string message, Func<Tensor> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
