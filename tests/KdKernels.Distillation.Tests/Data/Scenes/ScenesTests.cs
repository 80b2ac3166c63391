using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class ScenesTests
{
    /// <summary>
    /// Frozen: if this fails, the scenes changed and every stored result is about other data; raise Scenes.Version
    /// instead.
    /// </summary>
    [Fact]
    public void Version_1_is_frozen_to_the_bit()
    {
        SceneSplits splits = Scenes.Generate(trainCount: 64, testCount: 64, seed: 2026);
        Assert.Equal(1, Scenes.Version);
        Assert.Equal(
            "a4b3b5a9311040216894eb1c55ea547323585723b964fc8b46515c3b2da8864a", splits.Train.Fingerprint);
        Assert.Equal(
            "f6a5d642040a8b4c5df0f7f535e306682a54ef04a8781e87ad5d87ededd267b1", splits.Test.Fingerprint);
    }

    [Fact]
    public void A_scene_depends_on_seed_split_and_index_only()
    {
        SceneSplits few = Scenes.Generate(30, 20, seed: 5);
        SceneSplits many = Scenes.Generate(90, 70, seed: 5);
        Assert.Equal(few.Train.Fingerprint, many.Train.Take(30).Fingerprint);
        Assert.Equal(few.Test.Fingerprint, many.Test.Take(20).Fingerprint);
        Assert.NotEqual(few.Train.Fingerprint, Scenes.Generate(30, 20, seed: 6).Train.Fingerprint);
        Assert.NotEqual(few.Train.Take(20).Fingerprint, few.Test.Fingerprint);
    }

    [Fact]
    public void Boxes_are_the_bounds_of_the_visible_masks()
    {
        SceneSet set = Scenes.Generate(500, 0, seed: 5).Train;
        for (int i = 0; i < set.Count; i++)
        {
            byte[] mask = set.Images.Mask(i).ToArray();
            IReadOnlyList<SceneObject> objects = set.Objects(i);
            Assert.True(mask.Max() <= objects.Count);
            for (int k = 0; k < objects.Count; k++)
            {
                int[] visible = [.. Enumerable.Range(0, mask.Length).Where(p => mask[p] == k + 1)];
                Assert.True(visible.Length >= 40, $"scene {i}: {visible.Length} visible pixels of object {k}");
                var bounds = new BoundingBox(
                    visible.Min(p => p % Scenes.Size),
                    visible.Min(p => p / Scenes.Size),
                    visible.Max(p => p % Scenes.Size) + 1,
                    visible.Max(p => p / Scenes.Size) + 1);
                Assert.Equal(bounds, objects[k].Box);
            }
        }
    }

    [Fact]
    public void Has_one_to_three_objects_of_every_class_that_hardly_overlap()
    {
        SceneSet set = Scenes.Generate(1000, 0, seed: 5).Train;
        IReadOnlyList<SceneObject>[] all = set.Objects([.. Enumerable.Range(0, set.Count)]);
        int[] perScene = [.. Enumerable.Range(1, 3).Select(n => all.Count(objects => objects.Count == n))];
        int[] perClass =
            [.. Enumerable.Range(0, 6).Select(c => all.Sum(objects => objects.Count(item => item.ClassId == c)))];

        Assert.Equal(1000, perScene.Sum());
        Assert.All(perScene, count => Assert.InRange(count, 250, 420));
        Assert.All(perClass, count => Assert.InRange(count, 270, 390));
        foreach (IReadOnlyList<SceneObject> objects in all)
        {
            foreach (SceneObject a in objects)
                Assert.All(objects.Where(b => b != a), b => Assert.InRange(a.Box.IouWith(b.Box), 0, 0.1));
        }
    }

    [Fact]
    public void Name_and_description_carry_the_version()
    {
        SceneSet set = Scenes.Generate(1, 1, seed: 9).Test;
        Assert.Equal("scenes-v1/test", set.Name);
        Assert.Equal("Scenes version 1, generated, test images, seed 9", set.Description);
        Assert.Equal(["disc", "heart", "triangle", "square", "star", "cross"], set.ClassNames);
        Assert.Equal(set.Objects(0)[0].ClassId, set.Images.Label(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Scenes.Generate(-1, 1, seed: 0));
    }

    [Fact]
    public void The_fingerprint_sees_classes_and_boxes_and_the_set_refuses_what_is_not_inside()
    {
        ImageSet images = Scenes.Generate(1, 0, seed: 9).Train.Images;
        var item = new SceneObject(2, new BoundingBox(1, 2, 9, 10));
        string fingerprint = With(item).Fingerprint;

        Assert.Equal(fingerprint, With(item).Fingerprint);
        Assert.NotEqual(fingerprint, With(item with { ClassId = 3 }).Fingerprint);
        Assert.NotEqual(fingerprint, With(item with { Box = new BoundingBox(1, 2, 9, 11) }).Fingerprint);
        Assert.Throws<ArgumentException>(() => With(item with { ClassId = 6 }));
        Assert.Throws<ArgumentException>(() => With(item with { Box = new BoundingBox(1, 2, 49, 10) }));
        Assert.Throws<ArgumentException>(() => With(item with { Box = new BoundingBox(1, 2, 1, 10) }));
        Assert.Throws<ArgumentException>(() => With(item with { Box = new BoundingBox(double.NaN, 2, 9, 10) }));
        Assert.Throws<ArgumentException>(() => new SceneSet(images, []));

        SceneSet With(SceneObject one) => new(images, [[one]]);
    }

    [Fact]
    public void Boxes_meet_as_by_hand()
    {
        var box = new BoundingBox(0, 0, 4, 2);
        Assert.Equal(8, box.Area);
        Assert.Equal(1, box.IouWith(box));
        Assert.Equal(4.0 / 12, box.IouWith(new BoundingBox(2, 0, 6, 2)), 1e-15);
        Assert.Equal(0, box.IouWith(new BoundingBox(4, 0, 8, 2)));
        Assert.Equal(0, default(BoundingBox).IouWith(default));
    }
}
