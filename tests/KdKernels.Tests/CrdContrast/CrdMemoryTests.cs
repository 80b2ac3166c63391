using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.CrdContrast;

public class CrdMemoryTests
{
    [Fact]
    public void The_loss_is_the_sum_of_both_directions_and_the_banks_move_after_it()
    {
        using var scope = NewDisposeScope();
        using var memory = new CrdMemory(20, 9, seed: 1, ScalarType.Float64);
        using var loss = new CrdContrastLoss(memory, new CrdNegatives(7, 20), 30, 0.2, KdReduction.BatchMean);
        var (student, teacher, rows) = Batch();
        var (studentBank, teacherBank) = (memory.StudentBank.clone(), memory.TeacherBank.clone());
        var value = loss.call(student, teacher, rows);

        var draws = new CrdDraws(new CrdNegatives(7, 20), 0, 30);
        double zs = KdFunctional.CrdNormalizer(student, teacherBank, rows, draws, 0.2);
        double zt = KdFunctional.CrdNormalizer(teacher, studentBank, rows, draws, 0.2);
        Assert.Equal(zs, memory.StudentNormalizer);
        Assert.Equal(zt, memory.TeacherNormalizer);
        var expected = KdFunctional.CrdContrast(student, teacherBank, rows, draws, 0.2, zs, KdReduction.BatchMean)
            + KdFunctional.CrdContrast(teacher, studentBank, rows, draws, 0.2, zt, KdReduction.BatchMean);
        Assert.True(expected.Equals(value));
        var gradients = autograd.grad([expected], [student, teacher]);
        value.backward();
        Assert.True(gradients[0].Equals(student.grad!));
        Assert.True(gradients[1].Equals(teacher.grad!));

        Comparison.Close(Moved(studentBank, rows, student), Comparison.Values(memory.StudentBank), 1e-14, 1e-15);
        Comparison.Close(Moved(teacherBank, rows, teacher), Comparison.Values(memory.TeacherBank), 1e-14, 1e-15);
        Assert.Equal(1, memory.Updates);
    }

    [Fact]
    public void Z_is_estimated_once_and_negatives_are_new_at_every_step()
    {
        using var scope = NewDisposeScope();
        using var memory = new CrdMemory(20, 9, seed: 1, ScalarType.Float64);
        using var loss = new CrdContrastLoss(memory, new CrdNegatives(7, 20), 5, 0.2, KdReduction.Sum, momentum: 1);
        var (student, teacher, rows) = Batch();
        double first = loss.call(student, teacher, rows).ToDouble(), z = memory.StudentNormalizer;
        double second = loss.call(student * 0.5, teacher, rows).ToDouble();
        Assert.Equal(z, memory.StudentNormalizer);
        Assert.NotEqual(first, second);
        Assert.Equal(2, memory.Updates);
    }

    [Fact]
    public void In_eval_mode_nothing_moves()
    {
        using var scope = NewDisposeScope();
        using var memory = new CrdMemory(20, 9, seed: 1, ScalarType.Float64);
        using var loss = new CrdContrastLoss(memory, new CrdNegatives(7, 20), 5, 0.2, KdReduction.Sum);
        loss.eval();
        var (student, teacher, rows) = Batch();
        var before = memory.StudentBank.clone();
        var value = loss.call(student, teacher, rows);
        Assert.True(value.Equals(loss.call(student, teacher, rows)));
        Assert.True(before.Equals(memory.StudentBank));
        Assert.Equal(0, memory.Updates);
    }

    [Fact]
    public void A_checkpoint_carries_banks_normalisers_and_the_step()
    {
        // The reference keeps Z in one float buffer with K and T: what a restart restores there is a Z of the wrong bank, or −1.
        using var scope = NewDisposeScope();
        var (student, teacher, rows) = Batch();
        using var one = New();
        one.call(student, teacher, rows);
        Assert.Equal(
            ["memory.normalizers", "memory.student_bank", "memory.teacher_bank", "memory.updates"],
            one.state_dict().Keys.Order(StringComparer.Ordinal));
        using var two = New(seed: 99);
        two.load_state_dict(one.state_dict());
        Assert.Equal(one.Memory.StudentNormalizer, two.Memory.StudentNormalizer);
        Assert.True(one.call(teacher, student, rows).Equals(two.call(teacher, student, rows)));
        Assert.True(one.Memory.TeacherBank.Equals(two.Memory.TeacherBank));
        Assert.Equal(2, two.Memory.Updates);

        static CrdContrastLoss New(ulong seed = 1) => new(
            new CrdMemory(20, 9, seed, ScalarType.Float64), new CrdNegatives(7, 20), 5, 0.2, KdReduction.Sum);
    }

    [Fact]
    public void Second_derivatives_after_the_update_are_NaN_and_not_those_of_another_bank()
    {
        using var scope = NewDisposeScope();
        using var memory = new CrdMemory(20, 9, seed: 1, ScalarType.Float64);
        using var loss = new CrdContrastLoss(memory, new CrdNegatives(7, 20), 5, 0.2, KdReduction.Sum);
        var (student, teacher, rows) = Batch();
        var gradient = autograd.grad([loss.call(student, teacher, rows)], [student], create_graph: true)[0];
        Assert.True(gradient.isnan().all().ToBoolean());
        loss.eval();
        gradient = autograd.grad([loss.call(student, teacher, rows)], [student], create_graph: true)[0];
        Assert.True(autograd.grad([gradient.square().sum()], [student])[0].isfinite().all().ToBoolean());
    }

    [Fact]
    public void Steps_leave_no_tensor_behind()
    {
        using var scope = NewDisposeScope();
        using var memory = new CrdMemory(20, 9, seed: 1, ScalarType.Float64);
        using var loss = new CrdContrastLoss(memory, new CrdNegatives(7, 20), 5, 0.2, KdReduction.Sum);
        var (student, teacher, rows) = Batch();
        Leaks.None(() => loss.call(student, teacher, rows).backward(), student, teacher);
    }

    [Fact]
    public void Banks_start_as_the_seed_says_with_rows_of_about_unit_length()
    {
        using var scope = NewDisposeScope();
        using var one = new CrdMemory(500, 40, seed: 1);
        using var same = new CrdMemory(500, 40, seed: 1);
        using var other = new CrdMemory(500, 40, seed: 2);
        Assert.True(one.StudentBank.Equals(same.StudentBank));
        Assert.False(one.StudentBank.Equals(one.TeacherBank));
        Assert.False(one.StudentBank.Equals(other.StudentBank));
        Assert.InRange(one.StudentBank.square().sum(1).mean().ToDouble(), 0.98, 1.02);
        Assert.InRange(one.StudentBank.mean().ToDouble(), -0.01, 0.01);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var memory = new CrdMemory(20, 9, seed: 1);
        Assert.Throws<ArgumentException>(() => new CrdContrastLoss(memory, new CrdNegatives(1, 21), 5, 0.2, KdReduction.Sum));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrdContrastLoss(memory, new CrdNegatives(1, 20), 0, 0.2, KdReduction.Sum));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrdMemory(1, 9, seed: 1));
        Assert.Throws<NotSupportedException>(() => new CrdMemory(20, 9, seed: 1, ScalarType.Float16));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.StudentNormalizer = double.NaN);
    }

    private static (Tensor Student, Tensor Teacher, Tensor Rows) Batch() =>
        (CrdData.Unit(5, ScalarType.Float64, 6, 9).requires_grad_(), CrdData.Unit(6, ScalarType.Float64, 6, 9).requires_grad_(),
            tensor(new long[] { 3, 17, 0, 3, 19, 8 }));

    private static double[] Moved(Tensor bank, Tensor rows, Tensor embeddings) => CrdContrastOracle.UpdateBank(
        Comparison.Values(bank), 9, rows.data<long>().ToArray(), Comparison.Values(embeddings), 0.5);
}
