using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Tests.Recipes;

public class RecipeReaderTests
{
    private static readonly Dictionary<string, string> NoEnvironment = new(StringComparer.Ordinal);

    public static TheoryData<string> ShippedNames => [.. RecipeReader.Shipped];

    /// <summary>Recipe, line of the error (0: not checked), key, and parts of the message.</summary>
    public static TheoryData<string, int, string, string> Mistakes => new()
    {
        {
            "nme: x", 1, "nme",
            "unknown key, expected one of name, seed, seeds, device, threads, data, teacher, teachers, student, distill, "
            + "evaluation, checkpoint, trace; did you mean name?"
        },
        { "student:\n  solver:\n    learning-rate: 1", 3, "student.solver.learning-rate", "unknown key" },
        { "student:\n  solver:\n    momentm: 0.9", 3, "student.solver.momentm", "did you mean momentum?" },
        { "seed: 1\nseed: 2", 2, "seed", "given twice" },
        { "trace: {epochs: [-1]}", 1, "trace.epochs[0]", "expected a whole number of at least 0 but got -1" },
        { "trace: {epochs: [2, 1]}", 1, "trace.epochs", "expected rising epochs, each once, but got [2, 1]" },
        { "trace: {epochs: [0, 1, 1]}", 1, "trace.epochs", "expected rising epochs, each once, but got [0, 1, 1]" },
        {
            "student: {solver: {epochs: 4}}\ntrace: {epochs: [0, 7]}", 2, "trace.epochs",
            "expected epochs of at most the student's 4 but got 7"
        },
        { "trace: {epochs: 3}", 1, "trace.epochs", "expected a list of whole numbers but got 3" },
        { "trace: {layers: [fc1, fc2, fc1]}", 1, "trace.layers", "expected each layer once but got fc1 2 times" },
        { "trace: {layer: [fc1]}", 1, "trace.layer", "unknown key, expected one of epochs, layers; did you mean layers?" },
        { "seed: one", 1, "seed", "expected a whole number from 0 to 9007199254740991 but got one" },
        { "seed: \"1\"", 1, "seed", "but got the text \"1\"" },
        { "seed: -1", 1, "seed", "but got -1" },
        { "seed: 99999999999999999999", 1, "seed", "expected a whole number" },
        { "seeds: 0", 1, "seeds", "expected a whole number from 1 to 1000 but got 0" },
        { "seeds: 1.5", 1, "seeds", "but got 1.5" },
        { "seeds:", 1, "seeds", "but got nothing" },
        { "seeds: [1]", 1, "seeds", "but got a list" },
        { "name: ../x", 1, "name", "expected 1 to 64 letters" },
        { "device: tpu", 1, "device", "expected auto, cpu or cuda:N but got 'tpu'" },
        { "device: cuda:x", 1, "device", "expected auto, cpu or cuda:N" },
        { "data: shapes", 1, "data", "expected a section of keys but got shapes" },
        { "data: {name: cifar}", 1, "data.name", "did you mean cifar10?" },
        { "data: {image-size: 48}", 1, "data.image-size", "expected 32" },
        {
            "data: {train: 10, validation: 10}", 1, "data.validation",
            "expected less than the 10 training images but got 10"
        },
        { "data: {augment: {crop: 32}}", 1, "data.augment.crop", "expected a whole number from 0 to 31 but got 32" },
        { "data: {name: mnist, augment: {cutout: 28}}", 1, "data.augment.cutout", "from 0 to 27" },
        { "data: {augment: {flip: yes}}", 1, "data.augment.flip", "expected true or false but got yes" },
        { "teacher: {model: resnet18}", 1, "teacher.model", "did you mean resnet" },
        { "student: {model: System.Diagnostics.Process}", 1, "student.model", "expected one of mlp-small, mlp" },
        { "student: {solver: {lr: 0}}", 1, "student.solver.lr", "expected a learning rate above 0 but got 0" },
        { "student: {solver: {lr: .nan}}", 1, "student.solver.lr", "but got .nan" },
        { "student: {solver: {lr: .inf}}", 1, "student.solver.lr", "but got .inf" },
        { "student: {solver: {epochs: 0}}", 1, "student.solver.epochs", "of at least 1|from 1 to 1000000" },
        { "student: {solver: {batch-size: 1}}", 1, "student.solver.batch-size", "from 2 to" },
        { "student: {solver: {momentum: 1}}", 1, "student.solver.momentum", "expected a momentum in [0, 1)" },
        { "student: {solver: {weight-decay: -1}}", 1, "student.solver.weight-decay", "at least 0" },
        {
            "student: {solver: {momentum: 0, nesterov: true}}", 1, "student.solver.nesterov",
            "expected a momentum above 0"
        },
        {
            "student: {solver: {optimizer: adam, nesterov: true}}", 1, "student.solver.nesterov",
            "expected optimizer: sgd"
        },
        {
            "student: {solver: {optimizer: lamb}}", 1, "student.solver.optimizer",
            "expected one of sgd, adam, adamw, rmsprop but got 'lamb'"
        },
        {
            "student: {solver: {schedule: {kind: multi-step}}}", 1, "student.solver.schedule.milestones",
            "at least one epoch"
        },
        {
            "student: {solver: {epochs: 4, schedule: {milestones: [2, 2]}}}", 1, "student.solver.schedule.milestones",
            "rising epochs below 4"
        },
        {
            "student: {solver: {epochs: 4, schedule: {milestones: [4]}}}", 1, "student.solver.schedule.milestones",
            "rising epochs below 4"
        },
        {
            "student: {solver: {schedule: {milestones: [1, x]}}}", 1, "student.solver.schedule.milestones[1]",
            "but got x"
        },
        { "student: {solver: {schedule: {gamma: 0}}}", 1, "student.solver.schedule.gamma", "(0, 1]" },
        {
            "student: {solver: {epochs: 4, schedule: {warm-up: 5}}}", 1, "student.solver.schedule.warm-up",
            "from 0 to 4 epochs"
        },
        { "distill: {temperature: 0}", 1, "distill.temperature", "expected a temperature above 0" },
        { "distill: {temperature: -4}", 1, "distill.temperature", "but got -4" },
        { "distill: {temperature: .nan}", 1, "distill.temperature", "but got .nan" },
        { "distill: {alpha: 1.1}", 1, "distill.alpha", "expected a weight in [0, 1]" },
        { "distill: {alpha: {from: 0, to: 1}}", 1, "distill.alpha.epochs", "this key is missing" },
        { "distill: {alpha: {from: 0, to: 2, epochs: 3}}", 1, "distill.alpha.to", "expected a weight in [0, 1]" },
        {
            "distill: {alpha: {from: 0, to: 1, epochs: 3, kind: quadratic}}", 1, "distill.alpha.kind",
            "linear, cosine, step"
        },
        { "distill: {temperature: {from: .inf, to: 1, epochs: 3}}", 1, "distill.temperature.from", "but got .inf" },
        { "distill: {method: magic}", 1, "distill.method", "but got 'magic'" },
        { "evaluation: {bootstrap: 10}", 1, "evaluation.bootstrap", "from 100" },
        { "checkpoint: {keep: 0}", 1, "checkpoint.keep", "from 1" },
        { "name: !!python/object:os.system x", 1, "name", "tags" },
        { "a: &x 1", 1, "a", "anchors and aliases" },
        { "a: *x", 1, "a", "anchors and aliases|not valid YAML" },
        { "a: {b", 0, "", "not valid YAML" },
        { "- 1", 1, "", "expected keys and values" },
        { "{[1]: 2}", 1, "", "expected a name as key" },
        { "name: x\n---\nname: y", 0, "", "expected one document" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Names_key_line_and_expectation_of_every_mistake(string text, int line, string key, string message)
    {
        RecipeException error = Assert.Throws<RecipeException>(
            () => RecipeReader.Parse(text, "x.yaml", environment: NoEnvironment));

        Assert.Contains(message.Split('|'), part => error.Message.Contains(part, StringComparison.Ordinal));
        Assert.Equal(key, error.Key);
        Assert.StartsWith("x.yaml", error.Message, StringComparison.Ordinal);
        if (line > 0)
        {
            Assert.Equal(line, error.Line);
            Assert.StartsWith($"x.yaml:{line}: ", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(ShippedNames))]
    public void Reads_every_shipped_recipe_and_its_quick_form(string name)
    {
        Recipe recipe = RecipeReader.Read(name, environment: NoEnvironment);
        Recipe quick = RecipeReader.Read(name, quick: true, environment: NoEnvironment);

        Assert.Equal(name, recipe.Name);
        Assert.Equal(1, quick.Seeds);
        Assert.InRange(quick.Student.Solver.Epochs, 1, recipe.Student.Solver.Epochs);
        Assert.InRange(quick.Data.Train, 1, 2000);
    }

    [Theory]
    [MemberData(nameof(ShippedNames))]
    public void Writes_what_it_reads(string name)
    {
        Recipe recipe = RecipeReader.Read(name, environment: NoEnvironment);

        Recipe again = RecipeReader.Parse(recipe.ToYaml(), "again", environment: NoEnvironment);

        Assert.Equal(recipe, again);
        Assert.Equal(recipe.ToYaml(), again.ToYaml());
    }

    [Fact]
    public void Keeps_schedules_infinities_and_odd_texts_when_writing()
    {
        Recipe recipe = RecipeReader.Parse(
            """
            data: {name: image-folder, image-size: 32, root: "a \"quoted\"\tplace: #1\n"}
            teacher: {checkpoint: 'it''s'}
            student: {solver: {lr: 1e-7, schedule: {kind: multi-step, milestones: [3, 5]}}}
            distill: {temperature: .inf, alpha: {from: 0, to: 0.9, epochs: 2.5, kind: cosine}, ops: composed}
            """,
            "x",
            environment: NoEnvironment);

        Assert.Equal("a \"quoted\"\tplace: #1\n", recipe.Data.Root);
        Assert.Equal(double.PositiveInfinity, recipe.Distill.Methods[0].Settings.Scheduled("temperature").At(0));
        Assert.Equal(new ScheduledValue(0, 0.9, 2.5, RampKind.Cosine), recipe.Distill.Methods[0].Settings.Scheduled("alpha"));
        Assert.Equal(DistillOps.Composed, recipe.Distill.Ops);
        Assert.Equal([3, 5], recipe.Student.Solver.Schedule.Milestones);
        Assert.Equal(recipe, RecipeReader.Parse(recipe.ToYaml(), "again", environment: NoEnvironment));
    }

    [Fact]
    public void Reads_json()
    {
        Recipe recipe = RecipeReader.Parse(
            "{\"name\": \"j\", \"seed\": 7, \"student\": {\"model\": \"mlp\", \"solver\": {\"lr\": 0.5, \"schedule\": {\"milestones\": [1, 2]}}}, \"data\": {\"root\": null}}",
            "x.json",
            environment: NoEnvironment);

        Assert.Equal(("j", 7L, "mlp", 0.5), (recipe.Name, recipe.Seed, recipe.Student.Model, recipe.Student.Solver.LearningRate));
        Assert.Null(recipe.Data.Root);
    }

    [Fact]
    public void An_empty_recipe_is_the_defaults() =>
        Assert.Equal(new Recipe(), Parse("# nothing\n"));

    [Fact]
    public void Overrides_win_over_environment_and_environment_over_the_file()
    {
        const string Text = "threads: 1\ndevice: cpu\ndata: {name: mnist, root: here}";
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            ["KD_THREADS"] = "2",
            ["KD_DATA"] = "/there",
        };

        string[] overrides = ["threads=3", "student.solver.schedule.milestones=[2, 4]"];

        Recipe recipe = RecipeReader.Parse(Text, "x", overrides, environment: environment);

        Assert.Equal((3, "cpu", "/there"), (recipe.Threads, recipe.Device, recipe.Data.Root));
        Assert.Equal([2, 4], recipe.Student.Solver.Schedule.Milestones);
        Assert.Equal(2, RecipeReader.Parse(Text, "x", environment: environment).Threads);
        Assert.Equal("here", Parse(Text).Data.Root);
    }

    [Fact]
    public void Generated_data_has_no_root_to_take_from_the_environment() =>
        Assert.Null(RecipeReader.Parse("", "x", environment: new Dictionary<string, string>(StringComparer.Ordinal) { ["KD_DATA"] = "/there" }).Data.Root);

    [Fact]
    public void Overrides_win_over_quick_settings() =>
        Assert.Equal(2, RecipeReader.Parse("seeds: 5", "x", ["seeds=2"], quick: true, NoEnvironment).Seeds);

    [Theory]
    [InlineData("student.solver.lr=0", "student.solver.lr", "expected a learning rate above 0 but got 0")]
    [InlineData("student.slver.lr=1", "student.slver", "did you mean solver?")]
    [InlineData("seeds=", "seeds", "but got nothing")]
    [InlineData("seeds", "", "expected key.path=value")]
    [InlineData("=1", "", "expected key.path=value")]
    [InlineData("a..b=1", "", "expected key.path=value")]
    [InlineData("name=!x y", "", "tags")]
    public void Names_the_override_that_is_wrong(string entry, string key, string message)
    {
        RecipeException error = Assert.Throws<RecipeException>(
            () => RecipeReader.Parse("", "x", [entry], environment: NoEnvironment));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains($"-s {entry}", error.Message, StringComparison.Ordinal);
        Assert.Equal(key, error.Key);
    }

    [Fact]
    public void Names_the_nearest_recipe_for_a_name_that_is_none()
    {
        RecipeException error = Assert.Throws<RecipeException>(
            () => RecipeReader.Read("shape-kd", environment: NoEnvironment));

        Assert.Contains("did you mean shapes-kd?", error.Message, StringComparison.Ordinal);
        Assert.Contains(string.Join(", ", RecipeReader.Shipped), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(65, "at most 64 levels")]
    [InlineData(30_000, "at most 64 levels")]
    public void Refuses_deep_nesting(int depth, string message)
    {
        RecipeException error = Assert.Throws<RecipeException>(() =>
            Parse("a: " + new string('[', depth) + new string(']', depth)));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_more_values_than_a_recipe_has()
    {
        string many = "a: [" + string.Join(", ", Enumerable.Repeat("1", 10_001)) + "]";

        RecipeException error = Assert.Throws<RecipeException>(() => Parse(many));
        Assert.Contains("at most 10000 values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_file_larger_than_a_recipe_is() =>
        Assert.Contains(
            "characters",
            Assert.Throws<RecipeException>(() => Parse(new string('#', 1 << 19))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Mutated_recipes_are_read_or_refused_and_never_anything_else()
    {
        string text = RecipeReader.ShippedText("cifar100-kd");
        const string Pieces = "{}[]:,#&*!|>'\"%@`-? \n\t\0\uFFFD0a";
        var random = new KdKernels.Core.PhiloxSequence(seed: 1, purpose: 1);
        int refused = 0;
        for (int trial = 0; trial < 3000; trial++)
        {
            char[] letters = text.ToCharArray();
            for (int edit = 0; edit < 1 + trial % 4; edit++)
            {
                letters[random.NextInt32(letters.Length)] = Pieces[random.NextInt32(Pieces.Length)];
            }

            try
            {
                Parse(new string(letters));
            }
            catch (RecipeException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 300, 2999);
    }

    [Fact]
    public void Quick_moves_milestones_with_the_epochs()
    {
        Recipe quick = Parse(
            "student: {solver: {epochs: 30, schedule: {kind: multi-step, milestones: [15, 24], warm-up: 3}}}", quick: true);

        Assert.Equal((10, 1.0), (quick.Student.Solver.Epochs, quick.Student.Solver.Schedule.WarmUp));
        Assert.Equal([5, 8], quick.Student.Solver.Schedule.Milestones);
    }

    [Fact]
    public void Quick_of_a_short_recipe_can_still_be_read()
    {
        Recipe quick = Parse(
            "student: {solver: {epochs: 2, schedule: {kind: multi-step, milestones: [1]}}}", quick: true);

        Assert.Equal(1, quick.Student.Solver.Epochs);
        Assert.Equal(quick, RecipeReader.Parse(quick.ToYaml(), "again", environment: NoEnvironment));
    }

    [Fact]
    public void Traces_what_it_is_told_and_says_nothing_of_a_trace_that_is_empty()
    {
        Recipe recipe = Parse("trace: {epochs: [0, 1, 2, 5], layers: [fc1, stages.stage1]}");
        Recipe again = RecipeReader.Parse(recipe.ToYaml(), "again", environment: NoEnvironment);

        Assert.Equal([0, 1, 2, 5], again.Trace.Epochs);
        Assert.Equal(["fc1", "stages.stage1"], again.Trace.Layers, StringComparer.Ordinal);
        Assert.Equal(recipe, again);
        Assert.Equal(recipe.Trace, again.Trace);
        Assert.Equal(recipe.Trace.GetHashCode(), again.Trace.GetHashCode());
        Assert.NotEqual(recipe.Trace, recipe.Trace with { Epochs = [0, 1, 2, 6] });
        Assert.NotEqual(recipe.Trace, recipe.Trace with { Layers = ["fc1", "fc2"] });
        Assert.DoesNotContain("trace", Parse("").ToYaml(), StringComparison.Ordinal);
        Assert.Equal(Parse("").ToYaml(), Parse("trace: {epochs: [], layers: []}").ToYaml(), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("[0, 1, 2, 15, 30]", "[0, 1, 5, 10]")]
    [InlineData("[30]", "[10]")]
    [InlineData("[0]", "[0]")]
    public void Quick_moves_traced_epochs_with_the_student_s(string epochs, string expected)
    {
        Recipe quick = Parse($"{{student: {{solver: {{epochs: 30}}}}, trace: {{epochs: {epochs}}}}}", quick: true);

        Assert.Equal(expected, $"[{string.Join(", ", quick.Trace.Epochs)}]");
    }

    [Fact]
    public void Knows_every_registered_model() =>
        Assert.All(ModelRegistry.Models, model => Assert.Equal(
            model.Name, Parse($"student: {{model: {model.Name}}}").Student.Model));

    private static Recipe Parse(string text, bool quick = false) =>
        RecipeReader.Parse(text, "x", quick: quick, environment: NoEnvironment);
}
