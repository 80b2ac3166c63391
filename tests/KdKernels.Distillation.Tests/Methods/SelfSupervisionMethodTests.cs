using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.SelfSupervision;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using KdKernels.Distillation.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary><c>sskd</c> and <c>hsakd</c> against compositions of plain torch operations, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class SelfSupervisionMethodTests
{
    private const int Rows = 5;

    [Fact]
    public void Block_r_of_a_batch_is_turned_r_times_counter_clockwise()
    {
        using var scope = NewDisposeScope();
        Tensor images = arange(2 * 3 * 4 * 4, ScalarType.Float64).view(2, 3, 4, 4);
        double[] pixels = Rotations.Expand(images, BatchExpansion.Rotations).data<double>().ToArray();
        double[] block = images.data<double>().ToArray();
        for (int turns = 0; turns < Rotations.Count; turns++)
        {
            Assert.Equal(block, pixels[(turns * block.Length)..((turns + 1) * block.Length)]);
            double[] upright = block;
            block = [.. Enumerable.Range(0, block.Length).Select(i =>
                // The pixel at (y, x) was at (x, 3 - y).
                upright[i / 16 * 16 + i % 4 * 4 + 3 - i / 4 % 4])];
        }
    }

    [Theory]
    [InlineData(4, 4, 0.5, 1, 0.75, 3)]
    [InlineData(2, 3, 0.25, 0.4, 0.3, 3)]
    [InlineData(4, 1, 1, 0.2, 1, 0)]
    public void Sskd_is_kd_upright_and_turned_and_the_similarities(
        double kdT, double rotationT, double ssT, double keepClasses, double keepSs, int embedding)
    {
        using var scope = NewDisposeScope();

        // Three columns are too few to tell images apart: there are errors to rank.
        using MethodSample sample = Sskd(
            ("embedding", embedding),
            ("temperature", (ScheduledValue)kdT), ("rotation-temperature", (ScheduledValue)rotationT),
            ("ss-temperature", (ScheduledValue)ssT), ("keep-classes", keepClasses), ("keep-ss", keepSs));
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, labels: 0.1);
            IReadOnlyList<LossTerm> terms = sample.Method.Terms(step);
            Assert.Equal(["kd", "rotated", "ss"], terms.Select(term => term.Name));
            (Tensor student, Tensor teacher) = (step.Student.Expanded, step.Teacher.Expanded);
            Assert.Equal([4 * Rows, 10], student.shape);
            Tensor expected = Kl(student[..Rows], teacher[..Rows], kdT) * 0.9;

            long[] labels = step.Batch.Labels.data<long>().ToArray();
            long[] kept = Kept(teacher[Rows..], [.. labels, .. labels, .. labels], keepClasses);
            Assert.NotEmpty(kept);
            Assert.Equal(keepClasses == 1, kept.Length == 3 * Rows);
            expected += Kl(student[Rows..][tensor(kept)], teacher[Rows..][tensor(kept)], rotationT) * 2.7;

            Tensor studentScores = Cosines(Project(sample.Method.Parts!, step.Student.ExpandedTap("features")));
            Tensor teacherScores = Cosines(Project(sample.Method.TeacherParts!, step.Teacher.ExpandedTap("features"))).detach();
            long[] images = [.. Enumerable.Range(0, 3 * Rows).Select(i => (long)(i % Rows))];
            kept = Kept(teacherScores, images, keepSs);
            Assert.NotEmpty(kept);
            Assert.Equal(keepSs == 1, kept.Length == 3 * Rows);
            expected += Kl(studentScores[tensor(kept)], teacherScores[tensor(kept)], ssT) * 10;

            Assert.Equal(ops == DistillOps.Fused, step.LabelsTaken);
            if (step.LabelsTaken)
            {
                expected += nn.functional.cross_entropy(student[..Rows], step.Batch.Labels) * 0.1;
            }

            sample.AssertSame(expected, MethodSample.Total(terms));
            AssertReaches(sample.Method.Parts!, terms[2].Value);
        }
    }

    [Fact]
    public void Sskd_without_a_row_to_learn_from_is_finite()
    {
        using var scope = NewDisposeScope();
        Tensor scores = tensor([0.0, 1, 1, 0], [2, 2]);
        Tensor targets = tensor([0L, 1L]);
        Tensor student = (scores * 2).requires_grad_();
        foreach (bool fused in new[] { true, false })
        {
            Tensor keep = ErrorLevels.Keep(fused, scores, targets, 0)!;
            Assert.False(keep.any().item<bool>());
            Tensor loss = Distillation.Methods.Logits.TemperedTerms.Divergence(
                fused ? DistillOps.Fused : DistillOps.Composed, student, scores, 4, keep);
            Assert.Equal(0, loss.item<double>());
            Tensor gradient = autograd.grad([loss], [student])[0];
            Assert.Equal(0, gradient.abs().max().item<double>());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.34)]
    [InlineData(0.75)]
    public void Error_levels_keep_what_is_right_and_the_best_of_the_errors(double fraction)
    {
        using var scope = NewDisposeScope();
        // Ranks 0, 2, 1, 3, 1 (the tie goes to the lower column), 0, 2.
        Tensor scores = tensor(
            [
                9.0, 1, 2, 3, 5, 1, 4, 0, 0, 7, 8, 1, 4, 3, 2, 1, 6, 6, 1, 0, 2, 5, 5, 0, 3, 2, 1, 0,
            ],
            [7, 4]);
        Tensor targets = tensor([0L, 1, 1, 3, 1, 1, 2]);
        long[] expected = Kept(scores, targets.data<long>().ToArray(), fraction);
        foreach (bool fused in new[] { true, false })
        {
            bool[] keep = ErrorLevels.Keep(fused, scores, targets, fraction)!.data<bool>().ToArray();
            Assert.Equal(expected, Enumerable.Range(0, 7).Where(i => keep[i]).Select(i => (long)i));
        }

        Assert.Equal(2 + (int)(fraction * 5), expected.Length);
        Assert.Contains(0L, expected);
        Assert.Contains(5L, expected);
        Assert.Null(ErrorLevels.Keep(fused: true, scores, targets, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.5)]
    public void Sskd_teaches_the_teachers_head_which_image_was_turned(double temperature)
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sskd(("teacher-temperature", temperature));
        MethodStep step = sample.Step(Rows);
        LossTerm term = Assert.Single(sample.Method.TeacherTerms(step));
        Tensor scores = Cosines(Project(sample.Method.TeacherParts!, step.Teacher.ExpandedTap("features")));
        Tensor origins = tensor([.. Enumerable.Range(0, 3 * Rows).Select(i => (long)(i % Rows))]);
        Tensor expected = -(nn.functional.log_softmax(scores / temperature, 1).gather(1, origins.unsqueeze(1)).sum() / (3 * Rows));
        AssertSame(sample.Method.TeacherParts!, expected, term.Contribution);
        Assert.False(step.Teacher.Expanded.requires_grad);
    }

    [Theory]
    [InlineData(3, 1, 1, 0)]
    [InlineData(1.5, 0.5, 2, 7)]
    public void Hsakd_compares_heads_and_logits_on_all_orientations(double temperature, double heads, double kd, int width)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create(
            "hsakd",
            "resnet8",
            "resnet14",
            ("temperature", (ScheduledValue)temperature), ("heads-weight", (ScheduledValue)heads),
            ("kd-weight", (ScheduledValue)kd), ("head-width", width));
        sample.Method.TeacherParts!.eval();
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops);
            IReadOnlyList<LossTerm> terms = sample.Method.Terms(step);
            Tensor expected = Kl(step.Student.Expanded, step.Teacher.Expanded, temperature) * kd;
            for (int stage = 0; stage < 3; stage++)
            {
                Tensor student = Head(sample.Method.Parts!, stage, step.Student.ExpandedTap($"stage{stage + 1}"), training: true);
                Tensor teacher = Head(
                    sample.Method.TeacherParts!, stage, step.Teacher.ExpandedTap($"stage{stage + 1}"), training: false).detach();
                Assert.Equal([4 * Rows, 40], student.shape);
                expected += Kl(student, teacher, temperature) * heads;
            }

            sample.AssertSame(expected, MethodSample.Total(terms));
            AssertReaches(sample.Method.Parts!, terms[0].Value);
            Assert.Equal(1, step.LabelWeight);
        }
    }

    [Fact]
    public void Hsakd_teaches_the_teachers_heads_class_and_rotation()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("hsakd", "resnet8", "resnet14");
        MethodStep step = sample.Step(Rows);
        LossTerm term = Assert.Single(sample.Method.TeacherTerms(step));
        long[] labels = step.Batch.Labels.data<long>().ToArray();
        Tensor joint = tensor([.. Enumerable.Range(0, 4 * Rows).Select(i => 4 * labels[i % Rows] + i / Rows)]);
        Tensor expected = zeros([], ScalarType.Float64);
        for (int stage = 0; stage < 3; stage++)
        {
            Tensor logits = Head(
                sample.Method.TeacherParts!, stage, step.Teacher.ExpandedTap($"stage{stage + 1}"), training: true);
            expected -= nn.functional.log_softmax(logits, 1).gather(1, joint.unsqueeze(1)).sum() / (4 * Rows);
        }

        AssertSame(sample.Method.TeacherParts!, expected, term.Contribution);
    }

    [Fact]
    public void What_does_not_fit_is_refused_when_the_method_is_made()
    {
        RecipeException noStages = Assert.Throws<RecipeException>(() => MethodSample.Create("hsakd", student: "mlp-small"));
        Assert.Contains("mlp-small has no stages that are feature maps", noStages.Message, StringComparison.Ordinal);
        RecipeException noMap = Assert.Throws<RecipeException>(() => MethodSample.Create(
            "hsakd", "resnet8", "resnet14", ("student-layers", (string[])["stage1", "features"]), ("teacher-layers", (string[])["stage1", "stage2"])));
        Assert.Contains(
            "hsakd's heads read feature maps [C, H, W] but the student's layer 'features' gives [64]",
            noMap.Message,
            StringComparison.Ordinal);
        RecipeException uneven = Assert.Throws<RecipeException>(() => MethodSample.Create(
            "hsakd", "resnet8", "resnet14", ("student-layers", (string[])["stage1"])));
        Assert.Contains("as many layers", uneven.Message, StringComparison.Ordinal);
        RecipeException unknown = Assert.Throws<RecipeException>(() => Sskd(("teacher-layer", "nothing")));
        Assert.Contains("expected a layer of the teacher resnet14", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sskd_takes_the_mean_of_a_map()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sskd(("student-layer", "stage2"), ("embedding", 12));
        MethodStep step = sample.Step(Rows, DistillOps.Composed);
        Tensor student = Cosines(Project(sample.Method.Parts!, step.Student.ExpandedTap("stage2").mean([2, 3])));
        Tensor teacher = Cosines(Project(sample.Method.TeacherParts!, step.Teacher.ExpandedTap("features"))).detach();
        long[] kept = Kept(teacher, [.. Enumerable.Range(0, 3 * Rows).Select(i => (long)(i % Rows))], 0.75);
        Tensor expected = Kl(student[tensor(kept)], teacher[tensor(kept)], 0.5) * 10;
        sample.AssertSame(expected, sample.Method.Terms(step)[2].Contribution);
    }

    [Theory]
    [InlineData("sskd", "contrast")]
    [InlineData("hsakd", "heads")]
    public void The_teachers_stage_trains_heads_alone_and_goes_on_to_the_same_bits(string name, string term)
    {
        string root = Directory.CreateTempSubdirectory("kd-heads").FullName;
        try
        {
            Recipe recipe = TrainingSample.Recipe(
                $"method={name}", "teacher.model=resnet8", "student.model=convnet-small", "student.solver.epochs=1",
                "distill.teacher-epochs=4", "teacher.solver.lr=0.02");
            (string whole, string parts) = (Path.Combine(root, "whole"), Path.Combine(root, "parts"));
            string stage = $"teacher-{name}";
            var seen = new RecordingObserver();
            TrainingSample.Run(recipe, whole, seen);
            double[] losses = [.. seen.Steps.Where(step => step.Stage.Name == stage).Select(step => step.Loss.Terms![term])];
            Assert.Equal(4 * TrainingSample.StepsPerEpoch, losses.Length);
            Assert.True(losses[^4..].Average() < losses[..4].Average(), "the heads learn nothing");

            using var cancellation = new CancellationTokenSource();
            RecordingObserver? observer = null;
            observer = new RecordingObserver(_ =>
            {
                if (observer!.Steps.Count(step => step.Stage.Name == stage) == 6)
                {
                    cancellation.Cancel();
                }
            });
            Assert.Throws<TrainingInterruptedException>(
                () => TrainingSample.Run(recipe, parts, observer, cancellation.Token));
            TrainingSample.Run(recipe, parts);
            foreach (string trained in (string[])[stage, "distilled-1"])
            {
                TrainingSample.AssertSame(TrainingSample.Outcome(whole, trained), TrainingSample.Outcome(parts, trained));
            }

            Assert.Equal(Weights(whole, "teacher"), Weights(whole, stage));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static byte[] Weights(string run, string stage) =>
        File.ReadAllBytes(Path.Combine(run, "checkpoints", stage, "last", "teacher.safetensors"));

    private static MethodSample Sskd(params (string Key, object Value)[] settings) =>
        MethodSample.Create("sskd", "resnet8", "resnet14", settings);

    private static Tensor Kl(Tensor student, Tensor teacher, double temperature)
    {
        Tensor p = nn.functional.log_softmax(teacher / temperature, 1);
        Tensor q = nn.functional.log_softmax(student / temperature, 1);
        return (p.exp() * (p - q)).sum() * (temperature * temperature / student.shape[0]);
    }

    /// <summary>Rows to keep, by sorting: the definition, slowly.</summary>
    private static long[] Kept(Tensor scores, long[] targets, double fraction)
    {
        double[] values = scores.contiguous().data<double>().ToArray();
        int columns = (int)scores.shape[1];
        var ranks = targets.Select((target, row) => (
            Row: (long)row,
            Rank: Enumerable.Range(0, columns).OrderByDescending(c => values[row * columns + c]).ToList().IndexOf((int)target)))
            .ToArray();
        long[] right = [.. ranks.Where(entry => entry.Rank == 0).Select(entry => entry.Row)];
        var wrong = ranks.Where(entry => entry.Rank > 0).OrderBy(entry => entry.Rank).ToArray();
        return [.. right.Concat(wrong.Take((int)(fraction * wrong.Length)).Select(entry => entry.Row)).Order()];
    }

    private static Tensor Cosines(Tensor embeddings)
    {
        Tensor unit = embeddings / embeddings.square().sum([1], keepdim: true).sqrt();
        return (unit[Rows..].unsqueeze(1) * unit[..Rows].unsqueeze(0)).sum(2);
    }

    private static Dictionary<string, Tensor> Named(nn.Module module) => module.named_parameters()
        .ToDictionary(entry => entry.name, entry => (Tensor)entry.parameter, StringComparer.Ordinal);

    private static Tensor Project(nn.Module head, Tensor features)
    {
        Dictionary<string, Tensor> named = Named(head);
        Tensor hidden = (features.matmul(named["hidden.weight"].t()) + named["hidden.bias"]).relu();
        return hidden.matmul(named["output.weight"].t()) + named["output.bias"];
    }

    private static Tensor Head(nn.Module heads, int stage, Tensor map, bool training)
    {
        Dictionary<string, Tensor> named = Named(heads);
        string prefix = $"heads.{stage}";
        Tensor x = nn.functional.conv2d(map, named[$"{prefix}.conv.weight"], strides: [2, 2], padding: [1, 1]);
        if (training)
        {
            x -= x.mean([0, 2, 3], keepdim: true);
            x /= (x.square().mean([0, 2, 3], keepdim: true) + 1e-5).sqrt();
        }
        else
        {
            // Nothing has moved the running statistics yet.
            x /= Math.Sqrt(1 + 1e-5);
        }

        x = x * named[$"{prefix}.bn.weight"].view(1, -1, 1, 1) + named[$"{prefix}.bn.bias"].view(1, -1, 1, 1);
        return x.relu().mean([2, 3]).matmul(named[$"{prefix}.classifier.weight"].t()) + named[$"{prefix}.classifier.bias"];
    }

    private static void AssertReaches(nn.Module parts, Tensor value)
    {
        foreach ((string name, Tensor gradient) in Named(parts).Keys.Zip(
            autograd.grad([value], [.. Named(parts).Values], retain_graph: true)))
        {
            Assert.True(gradient.abs().max().item<double>() > 0, $"no gradient reaches {name}");
        }
    }

    private static void AssertSame(nn.Module parts, Tensor expected, Tensor actual)
    {
        Assert.Equal(1, actual.item<double>() / expected.item<double>(), 9);
        Tensor[] parameters = [.. Named(parts).Values];
        IList<Tensor> wanted = autograd.grad([expected], parameters, retain_graph: true);
        IList<Tensor> got = autograd.grad([actual], parameters, retain_graph: true);
        double scale = wanted.Max(gradient => gradient.abs().max().item<double>());
        Assert.True(scale > 0, "the expected gradient vanishes");
        foreach ((Tensor left, Tensor right) in wanted.Zip(got))
        {
            Assert.InRange((left - right).abs().max().item<double>(), 0, 1e-9 * scale);
        }
    }
}
