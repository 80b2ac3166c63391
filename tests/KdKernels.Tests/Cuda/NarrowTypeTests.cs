using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.Cuda;

/// <summary>What holds for float16 and bfloat16 logits wherever their kernels run.</summary>
public unsafe class NarrowTypeTests
{
    public static TheoryData<ScalarType> Types => [ScalarType.Float16, ScalarType.BFloat16];

    [Theory, MemberData(nameof(Types))]
    public void A_view_of_a_slice_points_at_its_first_element(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var whole = arange(24, ScalarType.Float32).to(type).view(4, 6);
        var slice = whole.narrow(0, 2, 2).narrow(1, 3, 2);
        var rows = RowLayout.Find(slice, slice, classDimension: 1)!.View(slice);
        Assert.Equal(TensorMemory.Address(whole) + 2 * (2 * 6 + 3), rows.Data);
        Assert.Equal(type == ScalarType.Float16 ? KdElementType.Float16 : KdElementType.BFloat16, rows.ElementType);
        ushort bits = *(ushort*)rows.Data;
        float value = type == ScalarType.Float16 ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.Int32BitsToSingle(bits << 16);
        Assert.Equal(15, value);
        Assert.Equal(KdDevice.Cpu, rows.Device);
    }

    [Fact]
    public void Finding_an_address_copies_nothing_and_leaves_nothing()
    {
        using var scope = NewDisposeScope();
        var tensor = ones(5, 7, ScalarType.BFloat16);
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        long before = statistics.ThreadTotalLiveCount;
        Assert.Equal(TensorMemory.Address(tensor), TensorMemory.Address(tensor));
        Assert.Equal(before, statistics.ThreadTotalLiveCount);
        using var empty = zeros(0, 7);
        Assert.Equal(0, TensorMemory.Address(empty));
    }

    [Theory, MemberData(nameof(Types))]
    public void Losses_are_float32_and_gradients_are_narrow(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(1, type, 3, 5);
        var layout = RowLayout.Contiguous(1);
        Assert.Equal(ScalarType.Float32, layout.AllocateLoss(student, perRow: true).dtype);
        Assert.Equal(ScalarType.Float32, layout.AllocateLoss(student, perRow: false).dtype);
        Assert.Equal(ScalarType.Float32, HintonMetricsMemory.Allocate(student, layout, KdReduction.None).Tensor.dtype);
        Assert.Equal(ScalarType.Float64, HintonMetricsMemory.Allocate(student, layout, KdReduction.Sum).Tensor.dtype);
        using var gradients = FusedGradients.Allocate(student, student, new(true, true), layout);
        var scaled = gradients.Times(tensor(2f));
        Assert.Equal(type, scaled.Student!.dtype);
        Assert.Equal(type, scaled.Teacher!.dtype);
    }

    [Theory, MemberData(nameof(Types))]
    public void Composed_operations_compute_wide_and_give_narrow_gradients(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var labels = tensor(new long[] { 0, 3, 4 });
        var (student, teacher) = (Logits.Random(2, type, 3, 5), Logits.Random(3, type, 3, 5));
        var (wideStudent, wideTeacher) = (student.to(ScalarType.Float32), teacher.to(ScalarType.Float32));
        var kl = new TemperedKlOptions(4, KdReduction.BatchMean);
        var entropy = new SoftmaxEntropyOptions(4, KdReduction.BatchMean);
        var one = tensor(1f);

        Same(TemperedKlComposed.Loss(wideStudent, wideTeacher, kl), TemperedKlComposed.Loss(student, teacher, kl));
        Same(
            HintonLossComposed.Loss(wideStudent, wideTeacher, labels, 4, 0.5, KdReduction.BatchMean),
            HintonLossComposed.Loss(student, teacher, labels, 4, 0.5, KdReduction.BatchMean));
        Same(SoftmaxEntropyComposed.Loss(wideStudent, entropy), SoftmaxEntropyComposed.Loss(student, entropy));

        var needs = new GradientNeeds(Student: true, Teacher: true);
        var wide = TemperedKlComposed.Gradient(wideStudent, wideTeacher, one, kl, needs);
        var narrow = TemperedKlComposed.Gradient(student, teacher, one, kl, needs);
        Same(wide.Student!.to(type), narrow.Student!);
        Same(wide.Teacher!.to(type), narrow.Teacher!);
        var hinton = new HintonLossOptions(0.5, kl with { Labels = labels });
        Same(
            HintonLossComposed.Gradient(wideStudent, wideTeacher, one, hinton).to(type),
            HintonLossComposed.Gradient(student, teacher, one, hinton));
        Same(
            SoftmaxEntropyComposed.Gradient(wideStudent, one, entropy).to(type),
            SoftmaxEntropyComposed.Gradient(student, one, entropy));

        static void Same(Tensor expected, Tensor actual)
        {
            Assert.Equal(expected.dtype, actual.dtype);
            Comparison.Close(expected, actual, relative: 0, absolute: 0);
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void The_cpu_refuses_them_and_says_what_to_do(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var logits = zeros(4, 3, type);
        var refused = Assert.Throws<NotSupportedException>(() => KdFunctional.SoftmaxEntropy(logits, 1, KdReduction.Sum));
        Assert.Equal(
            $"expected logits of dtype float32 or float64 on cpu but got {type}, which only cuda computes; convert it with "
            + ".to(torch.float32)",
            refused.Message);
    }

    [Fact]
    public void Devices_without_kernels_are_refused()
    {
        using var scope = NewDisposeScope();
        var logits = zeros(4, 3, device: new Device(DeviceType.META));
        var refused = Assert.Throws<NotSupportedException>(() => KdFunctional.SoftmaxEntropy(logits, 1, KdReduction.Sum));
        Assert.Contains("expected logits on cpu or cuda but got meta", refused.Message, StringComparison.Ordinal);
        var elsewhere = Assert.Throws<NotSupportedException>(
            () => KdFunctional.TemperedKl(zeros(4, 3), logits, 1, KdReduction.Sum));
        Assert.Contains("expected teacher on cpu or cuda but got meta", elsewhere.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_on_another_device_are_refused()
    {
        using var scope = NewDisposeScope();
        var labels = zeros(4, ScalarType.Int64, device: new Device(DeviceType.META));
        var refused = Assert.Throws<ArgumentException>(
            () => KdFunctional.HintonLoss(zeros(4, 3), zeros(4, 3), labels, 1, 0.5, KdReduction.Sum));
        Assert.Contains("expected device cpu, as the logits has, but got meta", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cpu_has_no_queue()
    {
        using var tensor = zeros(1);
        Assert.Null(TorchQueue.Of(tensor));
        Assert.False(StreamCapture.Of(0).IsActive);
    }
}
