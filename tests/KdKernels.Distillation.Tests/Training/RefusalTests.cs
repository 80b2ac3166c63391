using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>What does not fit is said in one sentence, naming both sides, before anything is trained.</summary>
[Collection(TorchTests.Name)]
public sealed class RefusalTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-refusals").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData(
        "kd compares logits: expected a teacher of 10 classes, as the student mlp-small has, but got convnet-small of 3",
        "teacher.data={name: image-folder, root: FOLDER, image-size: 32}")]
    [InlineData("expected a class from 0 to 9 but got 10", "student.omit-class=10")]
    [InlineData("expected one teacher with takd but got several", "method=takd", "teachers=[{model: mlp-small}]")]
    [InlineData("expected a model for images, one of ", "method=takd", "distill.assistants=[resnet9]")]
    [InlineData("expected none alone or methods without it but got both", "distill={methods: [{name: none}, {name: kd}]}")]
    [InlineData("expected each method once but got kd twice", "distill={methods: [{name: kd}, {name: kd}]}")]
    [InlineData("expected at least one method, such as {name: kd}, but got none", "distill={methods: []}")]
    [InlineData(
        "expected a weight above 0 in a stage that has no other term", "method=fsp", "distill.labels=0",
        "teacher.model=convnet-medium", "student.model=convnet-small")]
    [InlineData("unknown key, expected one of ", "method=logits", "distill.temperature=3")]
    public void Refuses_before_training(string sentence, params string[] overrides)
    {
        var observer = new RecordingObserver();
        string path = Path.Combine(root, "run");
        RecipeException refused = Assert.Throws<RecipeException>(() => TrainingSample.Run(
            TrainingSample.Recipe([.. overrides.Select(entry => entry.Replace("FOLDER", Folder(), StringComparison.Ordinal))]),
            path,
            observer));
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
        Assert.Empty(observer.Started);
    }

    [Fact]
    public void A_teacher_of_other_pictures_is_refused()
    {
        RecipeException refused = Assert.Throws<RecipeException>(() => TrainingSample.Run(
            TrainingSample.Recipe($"teacher.data={{name: image-folder, root: {Folder(16)}, image-size: 16}}"),
            Path.Combine(root, "run")));
        Assert.Contains(
            "inputs of 3x16x16, but has to look at shapes-v1/train, inputs of 3x32x32", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Three classes of a few pictures.</summary>
    private string Folder(int size = 32, int channels = 3)
    {
        string folder = Path.Combine(root, "pictures");
        foreach (string split in (string[])["train", "test"])
        {
            foreach (string name in (string[])["a", "b", "c"])
            {
                string here = Path.Combine(folder, split, name);
                Directory.CreateDirectory(here);
                for (int i = 0; i < 4; i++)
                {
                    File.WriteAllBytes(Path.Combine(here, $"{i}.png"), PngWriter.Encode(new byte[size * size * channels], size, size, channels));
                }
            }
        }

        return folder;
    }
}
