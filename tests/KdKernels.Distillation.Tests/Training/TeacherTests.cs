using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>Several teachers, and networks between teacher and student.</summary>
[Collection(TorchTests.Name)]
public sealed class TeacherTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-teachers").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void The_pulse_wave_gives_the_first_teacher_its_part_of_each_period()
    {
        var pulse = new TeacherSwitch(
            new TeacherSwitchRecipe { Policy = TeacherPolicy.PulseWidth, Period = 10, Duty = 0.3 }, seed: 1);
        int[] chosen = [.. Enumerable.Range(0, 30).Select(step => pulse.Choose(3, 0, step))];
        int[] period = [0, 0, 0, 1, 1, 1, 1, 1, 1, 1];
        Assert.Equal([.. period, .. period.Select(teacher => teacher == 0 ? 0 : 2), .. period], chosen);
    }

    [Fact]
    public void A_duty_that_follows_a_schedule_moves_the_pulse()
    {
        var pulse = new TeacherSwitch(
            new TeacherSwitchRecipe
            {
                Policy = TeacherPolicy.PulseWidth, Period = 4, Duty = new ScheduledValue(1, 0, 2, RampKind.Linear),
            },
            seed: 1);
        Assert.Equal([4, 2, 0], ((double[])[0, 1, 2]).Select(
            epoch => Enumerable.Range(0, 4).Count(step => pulse.Choose(2, epoch, step) == 0)));
    }

    [Fact]
    public void Random_choices_are_a_function_of_the_step_and_reach_every_teacher()
    {
        var random = new TeacherSwitch(new TeacherSwitchRecipe { Policy = TeacherPolicy.Random }, seed: 7);
        int[] first = [.. Enumerable.Range(0, 300).Select(step => random.Choose(3, 0, step))];
        Assert.Equal(first, Enumerable.Range(0, 300).Select(step => random.Choose(3, 0, step)));
        Assert.All(first.CountBy(teacher => teacher), count => Assert.InRange(count.Value, 70, 130));
        Assert.Equal(3, first.Distinct().Count());
    }

    [Theory]
    [InlineData("average")]
    [InlineData("pulse-width, period: 2")]
    [InlineData("round-robin")]
    [InlineData("confidence")]
    [InlineData("random")]
    public void Two_teachers_teach_under_every_policy(string policy)
    {
        Recipe recipe = TrainingSample.Recipe(
            "teachers=[{model: mlp-small, solver: {epochs: 1, batch-size: 16}}]",
            $"distill.switch={{policy: {policy}}}",
            "student.solver.epochs=1");
        var observer = new RecordingObserver();
        TrainingSample.Run(recipe, Path.Combine(root, "run"), observer);

        StepInfo[] steps = [.. observer.Steps.Where(step => step.Stage.Role == NetworkRole.Distilled)];
        Assert.All(steps, step => Assert.Equal(
            policy == "average" ? 2 : 1, step.Loss.Terms!.Count));
        string[] spoke = [.. steps.SelectMany(step => step.Loss.Terms!.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Assert.All(spoke, name => Assert.Contains(name, (string[])["kd-teacher.kl", "kd-teacher-2.kl"]));
        if (policy is not ("confidence" or "random"))
        {
            Assert.Equal(2, spoke.Length);
        }

        Assert.Equal(["teacher", "teacher-2", "plain-1", "distilled-1"], observer.Started.Select(stage => stage.Name));
    }

    /// <summary>Two equal teachers are one: shares change neither the labels' weight nor the sum.</summary>
    [Fact]
    public void The_average_of_one_teacher_twice_is_that_teacher()
    {
        string[] fixedSettings = ["student.solver.epochs=1", "student.solver.momentum=0", "student.solver.lr=0.001"];
        Recipe one = TrainingSample.Recipe(fixedSettings);
        TrainingSample.Run(one, Path.Combine(root, "one"), new RecordingObserver());
        string weights = Path.Combine(root, "one", "checkpoints", "teacher", "last");
        string teacher = $"teachers=[{{model: convnet-small, checkpoint: \"{weights}\"}}]";
        var alone = new RecordingObserver();
        var twice = new RecordingObserver();
        TrainingSample.Run(
            TrainingSample.Recipe([.. fixedSettings, $"teacher.checkpoint={weights}"]), Path.Combine(root, "a"), alone);
        TrainingSample.Run(
            TrainingSample.Recipe([.. fixedSettings, $"teacher.checkpoint={weights}", teacher]), Path.Combine(root, "b"), twice);

        double[] expected = Losses(alone);
        double[] actual = Losses(twice);
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second / pair.First, 1 - 1e-4, 1 + 1e-4));

        static double[] Losses(RecordingObserver observer) =>
            [.. observer.Steps.Where(step => step.Stage.Role == NetworkRole.Distilled).Select(step => step.Loss.Total)];
    }

    [Fact]
    public void A_chain_trains_each_assistant_once_and_the_student_from_the_last()
    {
        Recipe recipe = TrainingSample.Recipe(
            "method=takd", "distill.assistants=[convnet-medium, convnet-small]", "student.solver.epochs=1", "seeds=2");
        var observer = new RecordingObserver();
        TrainingSample.Run(recipe, Path.Combine(root, "run"), observer);
        Assert.Equal(
            ["teacher", "distilled-assistant-1", "distilled-assistant-2", "plain-1", "distilled-1", "plain-2", "distilled-2"],
            observer.Started.Select(stage => stage.Name));
        Assert.All(observer.Started, (stage, index) => Assert.Equal((index + 1, 7), (stage.Number, stage.Of)));
        Assert.Equal(
            ["convnet-small", "convnet-medium", "convnet-small"], observer.Started.Take(3).Select(stage => stage.Model));
    }

    [Fact]
    public void The_best_path_is_searched_on_items_that_no_version_has_seen()
    {
        Recipe recipe = TrainingSample.Recipe(
            "method=takd", "distill={assistants: [convnet-medium, convnet-small], paths: best, method: takd}", "student.solver.epochs=1");
        var observer = new RecordingObserver();
        TrainingSample.Run(recipe, Path.Combine(root, "run"), observer);
        string[] names = [.. observer.Started.Select(stage => stage.Name)];
        // n (n + 1) / 2 versions of assistants and n + 1 of the student.
        Assert.Equal(
            [
                "distilled-assistant-1-from-0", "distilled-assistant-2-from-0", "distilled-assistant-2-from-1",
                "distilled-search-from-0", "distilled-search-from-1", "distilled-search-from-2",
            ],
            names.Where(name => name.Contains("-from-", StringComparison.Ordinal)));
        Assert.Equal(names.Length, observer.Started[0].Of);
        Assert.All(
            observer.Finished.Where(network => network.Name.Contains("-from-", StringComparison.Ordinal)),
            network => Assert.Equal(6, network.HeldOut.Images));
        Assert.Equal(40, observer.Finished[^1].HeldOut.Images);
    }

    /// <summary>Three methods, one of them with taps: one pass of the teacher, and without methods none and no hook.</summary>
    [Fact]
    public void The_teacher_runs_once_per_batch_however_many_methods_use_it()
    {
        using var scope = NewDisposeScope();
        var task = ImageClassification.Load(new DataRecipe { Name = "shapes", Train = 60, Test = 20 }, "sample");
        using nn.Module<Tensor, Tensor> student = task.CreateNetwork("convnet-small", 1, CPU);
        using nn.Module<Tensor, Tensor> network = task.CreateNetwork("convnet-medium", 2, CPU);
        network.eval();
        int passes = 0;
        network.register_forward_hook((_, _, output) =>
        {
            passes++;
            return output;
        });
        var distill = new DistillRecipe
        {
            Methods = [MethodRecipe.Default("kd"), MethodRecipe.Default("attention"), MethodRecipe.Default("logits")],
        };
        var teacher = new TeacherNetwork("teacher", "convnet-medium", network, 10, null);
        IReadOnlyList<MethodInstance> methods = MethodFactory.Create(distill, task, "convnet-small", student, teacher, 1, CPU);
        passes = 0;
        using var objective = new StudentObjective(
            task, student, [new TeacherMethods(teacher, methods)], distill, new StageSettings(1, FirstStage: false));
        IBatches batches = task.TrainingBatches(new AugmentRecipe(), 12, 1, CPU);
        BatchLoss loss = objective.Of(batches.Load([0, 1, 2, 3], epoch: 0), epoch: 0, step: 0);
        Assert.Equal(1, passes);
        Assert.Equal(["attention.attention", "kd.kl", "logits.logits"], loss.Terms.Terms!.Keys);
        Assert.NotNull(loss.Agreements);

        using var plain = new StudentObjective(
            task, student, [], new DistillRecipe { Methods = [MethodRecipe.Default("none")] }, new StageSettings(1, FirstStage: false));
        plain.Of(batches.Load([0, 1, 2, 3], epoch: 0), epoch: 0, step: 0);
        Assert.Equal(1, passes);
    }
}
