namespace KdKernels.Cli.Tests.Ops;

public sealed class TeacherBoundedOpTests
{
    [Theory]
    [InlineData("margin=0")]
    [InlineData("margin=2", "reduction=none", "bound-weight=0.5")]
    [InlineData("margin=1", "reduction=sum", "smooth-l1=true", "beta=0.5")]
    [InlineData("margin=20", "reduction=mean", "smooth-l1=true", "bound-weight=0")]
    public async Task Every_setting_gives_what_the_oracle_says(params string[] settings)
    {
        foreach (bool masked in new[] { false, true })
        {
            var inputs = new Dictionary<string, OpArray>(StringComparer.Ordinal)
            {
                ["student"] = OpArray.Logits(1, 12, 4),
                ["teacher"] = OpArray.Logits(2, 12, 4),
                ["target"] = OpArray.Logits(3, 12, 4),
            };
            if (masked) inputs["foreground"] = OpArray.Mask(5, 12);
            await OpReproduction.CheckAsync("teacher-bounded", inputs, settings);
        }
    }

    [Fact]
    public Task Dense_maps_of_boxes() => OpReproduction.CheckAsync(
        "teacher-bounded",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(1, 2, 4, 3, 5),
            ["teacher"] = OpArray.Logits(2, 2, 4, 3, 5),
            ["target"] = OpArray.Logits(3, 2, 4, 3, 5),
            ["foreground"] = OpArray.Mask(4, 2, 3, 5),
        },
        ["margin=1", "reduction=none"]);
}
