using KdKernels.Core;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>Contrastive distillation against its formula in plain torch, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class ContrastMethodTests
{
    // What MethodSample trains on: 60 items.
    private const int Rows = 60;
    private const ulong Seed = 3;

    [Theory]
    [InlineData("exact", 16384, 0.07)]
    [InlineData("relax", 16384, 0.2)]
    [InlineData("exact", 5, 0.5)]
    public void Embeddings_are_told_apart_in_both_directions(string mode, int negatives, double tau)
    {
        using var scope = NewDisposeScope();
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            using var sample = MethodSample.Create(
                "crd", settings: [("mode", mode), ("negatives", negatives), ("tau", tau), ("dimension", 16)]);
            IReadOnlyList<int> labels = sample.Task.TrainLabels!;
            int largest = labels.CountBy(label => label).Max(entry => entry.Value);
            int count = Math.Min(negatives, mode == "exact" ? Rows - largest : Rows - 1);
            var drawn = mode == "exact"
                ? new CrdNegatives(Seed, [.. labels.Select(label => (long)label)])
                : new CrdNegatives(Seed, Rows);

            // Z is the first batch's in the second one too.
            double[] z = [0, 0];
            for (int i = 0; i < 2; i++)
            {
                Dictionary<string, Tensor> state = State(sample);
                MethodStep step = sample.Step(ops: ops, step: i);
                Tensor indices = step.Batch.Indices;
                Tensor others = new CrdDraws(drawn, (uint)i, count).ToTensor(indices);
                if (mode == "exact")
                {
                    AssertOtherClasses(labels, indices, others);
                }

                Tensor student = Embedding(step.Student.Tap("features"), state, "student");
                Tensor teacher = Embedding(step.Teacher.Tap("features"), state, "teacher");
                Tensor expected = Contrast(student, state["memory.teacher_bank"], indices, others, tau, ref z[0])
                    + Contrast(teacher, state["memory.student_bank"], indices, others, tau, ref z[1]);
                Tensor actual = MethodSample.Total(sample.Method.Terms(step));
                sample.AssertSame(expected * 0.8, actual);
                foreach (Tensor? gradient in autograd.grad([actual], [.. sample.Method.Parts!.parameters()], retain_graph: true))
                {
                    Assert.True(gradient!.abs().max().item<double>() > 0, "an embedding's gradient vanishes");
                }

                sample.Method.StepDone(step);
                AssertMoved(state["memory.student_bank"], State(sample)["memory.student_bank"], indices, student);
                AssertMoved(state["memory.teacher_bank"], State(sample)["memory.teacher_bank"], indices, teacher);
            }
        }
    }

    [Fact]
    public void Banks_and_normalisers_are_in_checkpoints_and_move_once_per_step()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("crd");
        Assert.Equal(
            [
                "memory.normalizers", "memory.student_bank", "memory.teacher_bank", "memory.updates", "student.bias",
                "student.weight", "teacher.bias", "teacher.weight",
            ],
            State(sample).Keys.Order(StringComparer.Ordinal));
        Assert.Equal([Rows, 128], State(sample)["memory.student_bank"].shape);
        Assert.Equal(ScalarType.Float64, State(sample)["memory.student_bank"].dtype);
        Assert.Empty(sample.Method.Undecayed);

        Tensor before = State(sample)["memory.student_bank"];
        MethodStep step = sample.Step();
        sample.Method.Terms(step);
        Assert.Equal(0, Distance(before, State(sample)["memory.student_bank"]));
        sample.Method.StepDone(step);
        Tensor after = State(sample)["memory.student_bank"];
        sample.Method.StepDone(step);
        Assert.True(Distance(before, after) > 0.01, "the bank did not move");
        Assert.Equal(0, Distance(after, State(sample)["memory.student_bank"]));
        Assert.Equal(1, State(sample)["memory.updates"].item<long>());
    }

    [Fact]
    public void Images_that_another_method_added_have_no_rows()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("crd");

        // Batch statistics would tell the turned images from none.
        sample.Student.eval();
        MethodStep upright = sample.Step();
        using var studentTaps = new NetworkTaps(sample.Student, sample.Method.StudentTaps);
        using var teacherTaps = new NetworkTaps(sample.Teacher, sample.Method.TeacherTaps);
        Tensor inputs = Rotations.Expand(upright.Inputs, BatchExpansion.Rotations);
        NetworkPass student = NetworkPass.Run(sample.Student, studentTaps, inputs, rows: 6);
        Assert.Equal(24, student.ExpandedTap("features").shape[0]);
        MethodStep expanded = new(() => NetworkPass.Run(sample.Teacher, teacherTaps, inputs, rows: 6), labelWeight: 1)
        {
            Task = sample.Task,
            Batch = upright.Batch,
            Inputs = inputs,
            Student = student,
            Epoch = 0,
            Step = 0,
            Seed = 11,
            FirstStage = false,
            Ops = DistillOps.Fused,
        };

        double expected = sample.Method.Terms(upright)[0].Value.item<double>();
        Assert.Equal(expected, sample.Method.Terms(expanded)[0].Value.item<double>(), Math.Abs(expected) * 1e-9);
        sample.Method.StepDone(expanded);
    }

    [Theory]
    [InlineData("student-layer", "conv9", "expected a layer of the student convnet-small, one of")]
    [InlineData("teacher-layer", "conv9", "expected a layer of the teacher convnet-medium, one of")]
    public void A_layer_that_does_not_exist_is_refused(string key, string layer, string sentence)
    {
        RecipeException error = Assert.Throws<RecipeException>(() => MethodSample.Create("crd", settings: [(key, layer)]));
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, Tensor> State(MethodSample sample) => sample.Method.Parts!.state_dict()
        .ToDictionary(
            entry => entry.Key,
            entry => entry.Key.StartsWith("memory.", StringComparison.Ordinal) ? entry.Value.clone() : entry.Value,
            StringComparer.Ordinal);

    private static Tensor Embedding(Tensor features, Dictionary<string, Tensor> state, string side)
    {
        Tensor embedding = features.matmul(state[side + ".weight"].t()) + state[side + ".bias"];
        return embedding / embedding.norm(1, keepdim: true);
    }

    private static Tensor Contrast(Tensor anchors, Tensor bank, Tensor own, Tensor others, double tau, ref double z)
    {
        long count = others.shape[1];
        Tensor rows = cat([own.unsqueeze(1), others], 1);
        Tensor memory = bank.index_select(0, rows.flatten()).view(rows.shape[0], count + 1, bank.shape[1]);
        Tensor powers = ((memory * anchors.unsqueeze(1)).sum(2) / tau).exp();
        z = z > 0 ? z : powers.mean().item<double>() * Rows;
        Tensor x = powers / z;
        double share = (double)count / Rows;
        Tensor first = x.narrow(1, 0, 1);
        Tensor rest = x.narrow(1, 1, count);
        return -((first / (first + share)).log().sum() + (share / (rest + share)).log().sum()) / rows.shape[0];
    }

    private static void AssertOtherClasses(IReadOnlyList<int> labels, Tensor own, Tensor others)
    {
        long[] rows = own.data<long>().ToArray();
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.DoesNotContain(
                others[i].data<long>().ToArray(), other => labels[(int)other] == labels[(int)rows[i]]);
        }
    }

    private static void AssertMoved(Tensor before, Tensor after, Tensor rows, Tensor embeddings)
    {
        using var noGrad = no_grad();
        Tensor expected = before.clone();
        Tensor moved = before.index_select(0, rows) * 0.5 + embeddings.detach() * 0.5;
        foreach ((long row, int i) in rows.data<long>().ToArray().Select((row, i) => (row, i)))
        {
            expected[row] = moved[i] / moved[i].norm();
        }

        Assert.InRange(Distance(expected, after), 0, 1e-12);
        Assert.True(Distance(before, after) > 0.01, "the bank did not move");
    }

    private static double Distance(Tensor left, Tensor right) => (left - right).abs().max().item<double>();
}
